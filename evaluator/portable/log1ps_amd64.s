#include "textflag.h"

// A vector of four times the same bits.
#define CONSTANT(name, bits) \
	DATA name<>+0(SB)/8, bits  \
	DATA name<>+8(SB)/8, bits  \
	DATA name<>+16(SB)/8, bits \
	DATA name<>+24(SB)/8, bits \
	GLOBL name<>(SB), RODATA, $32

CONSTANT(half, $0.5)
CONSTANT(one, $1.0)
CONSTANT(two, $2.0)
CONSTANT(small, $0.375)
CONSTANT(greatest, $0x7fefffffffffffff)
CONSTANT(above, $0x00095f619980c433)    // oneBits - rootHalfBits
CONSTANT(mantissa, $0x000fffffffffffff) // 1<<mantissaBits - 1
CONSTANT(rootHalf, $0x3fe6a09e667f3bcd) // rootHalfBits
CONSTANT(whole, $0x4330000000000000)    // the bits of 2^52, below which those of a small whole number fit
CONSTANT(shifted, $0x43300000000003ff)  // 2^52 + bias
CONSTANT(ln2High, $0x3fe62e42fee00000)
CONSTANT(ln2Low, $0x3dea39ef35793c76)

// The coefficients in logOf.
CONSTANT(odd1, $0x3fd999999997fa04)
CONSTANT(odd2, $0x3fcc71c51d8e78af)
CONSTANT(odd3, $0x3fc39a09d078c69f)
CONSTANT(even1, $0x3fe5555555555593)
CONSTANT(even2, $0x3fd2492494229359)
CONSTANT(even3, $0x3fc7466496cb03de)
CONSTANT(even4, $0x3fc2f112df3e5244)

// func vectorLog1ps(xs *float64, n int) (done int)
//
// Each operation rounds as its line in Log1p, reduce and logOf does. Of the two ways that
// Log1p goes, both are computed, and one is taken; a number below 2^-54 comes out of them as it
// is.
TEXT ·vectorLog1ps(SB), NOSPLIT, $0-24
	MOVQ xs+0(FP), DI
	MOVQ n+8(FP), CX
	XORQ DX, DX
	VMOVUPD one<>(SB), Y15
	VMOVUPD greatest<>(SB), Y14
	VMOVUPD small<>(SB), Y13

loop:
	VMOVUPD (DI)(DX*8), Y0
	VCMPPD $18, Y14, Y0, Y1        // x <= greatest, and the sign is clear
	VANDNPD Y1, Y0, Y1
	VMOVMSKPD Y1, AX
	CMPL AX, $15
	JNE end

	VADDPD Y0, Y15, Y1             // u = 1 + x
	VSUBPD Y15, Y1, Y2
	VSUBPD Y2, Y0, Y2              // lost = x - (u - 1)
	VSUBPD Y0, Y1, Y3
	VSUBPD Y3, Y15, Y3             // or 1 - (u - x), for x > 1
	VCMPPD $30, Y15, Y0, Y4
	VBLENDVPD Y4, Y3, Y2, Y2
	VDIVPD Y1, Y2, Y2              // c = lost / u

	VPADDQ above<>(SB), Y1, Y1     // u = 2^k m
	VPSRLQ $52, Y1, Y3
	VPOR whole<>(SB), Y3, Y3
	VSUBPD shifted<>(SB), Y3, Y3   // k
	VPAND mantissa<>(SB), Y1, Y1
	VPADDQ rootHalf<>(SB), Y1, Y1  // m
	VSUBPD Y15, Y1, Y1             // f = m - 1

	VCMPPD $17, Y13, Y0, Y4        // x < 0.375: f = x, and k = c = 0
	VBLENDVPD Y4, Y0, Y1, Y1
	VANDNPD Y2, Y4, Y2
	VANDNPD Y3, Y4, Y3

	VADDPD two<>(SB), Y1, Y4
	VDIVPD Y4, Y1, Y4              // s = f / (2 + f)
	VMULPD Y4, Y4, Y5              // z
	VMULPD Y5, Y5, Y6              // w
	VMULPD odd3<>(SB), Y6, Y7
	VADDPD odd2<>(SB), Y7, Y7
	VMULPD Y6, Y7, Y7
	VADDPD odd1<>(SB), Y7, Y7
	VMULPD Y6, Y7, Y7              // odd
	VMULPD even4<>(SB), Y6, Y8
	VADDPD even3<>(SB), Y8, Y8
	VMULPD Y6, Y8, Y8
	VADDPD even2<>(SB), Y8, Y8
	VMULPD Y6, Y8, Y8
	VADDPD even1<>(SB), Y8, Y8
	VMULPD Y5, Y8, Y8              // even
	VMULPD half<>(SB), Y1, Y9
	VMULPD Y1, Y9, Y9              // half
	VADDPD Y7, Y8, Y8
	VADDPD Y8, Y9, Y8
	VMULPD Y4, Y8, Y8
	VMULPD ln2Low<>(SB), Y3, Y10
	VADDPD Y2, Y10, Y10
	VADDPD Y10, Y8, Y8             // rest
	VSUBPD Y8, Y9, Y9
	VSUBPD Y1, Y9, Y9              // (half - rest) - f
	VMULPD ln2High<>(SB), Y3, Y3
	VSUBPD Y9, Y3, Y3
	VMOVUPD Y3, (DI)(DX*8)
	ADDQ $4, DX
	CMPQ DX, CX
	JLT loop

end:
	MOVQ DX, done+16(FP)
	VZEROUPPER
	RET
