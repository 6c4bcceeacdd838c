#include "go_asm.h"
#include "textflag.h"

// func vectorErrors(c *runErrors, n int, center float64) (e, z, a, s, d float64, zeros int)
TEXT ·vectorErrors(SB), NOSPLIT, $0-72
	MOVQ c+0(FP), DI
	MOVQ n+8(FP), CX
	VBROADCASTSD center+16(FP), Y15
	VPCMPEQQ Y14, Y14, Y14
	VPSRLQ $1, Y14, Y14 // all bits but the sign
	VXORPD Y13, Y13, Y13 // 0
	VXORPD Y0, Y0, Y0 // the greatest |e|
	VXORPD Y1, Y1, Y1 // |z|
	VXORPD Y2, Y2, Y2 // a
	VXORPD Y3, Y3, Y3 // s
	VXORPD Y4, Y4, Y4 // |y|+|p|
	VPXOR Y5, Y5, Y5 // labels that are 0, counted down
	XORQ AX, AX

loop:
	VMOVUPD runErrors_p(DI)(AX*8), Y6
	VMOVUPD runErrors_y(DI)(AX*8), Y7
	VSUBPD Y7, Y6, Y8              // e = p - y
	VMOVUPD Y8, runErrors_e(DI)(AX*8)
	VANDPD Y14, Y8, Y8             // abs
	VMOVUPD Y8, runErrors_abs(DI)(AX*8)
	VMAXPD Y8, Y0, Y0
	VSUBPD Y15, Y7, Y9             // z = y - center
	VMOVUPD Y9, runErrors_z(DI)(AX*8)
	VANDPD Y14, Y9, Y9
	VMAXPD Y9, Y1, Y1
	VCMPPD $0, Y13, Y7, Y10        // y == 0
	VPADDQ Y10, Y5, Y5
	VANDPD Y14, Y7, Y7             // |y|
	VDIVPD Y7, Y8, Y9              // a = abs / |y|, 0 where y is
	VANDNPD Y9, Y10, Y9
	VMOVUPD Y9, runErrors_a(DI)(AX*8)
	VMAXPD Y9, Y2, Y2
	VANDPD Y14, Y6, Y6
	VADDPD Y6, Y7, Y7              // d = |y| + |p|
	VMAXPD Y7, Y4, Y4
	VCMPPD $0, Y13, Y7, Y10        // d == 0
	VADDPD Y8, Y8, Y8
	VDIVPD Y7, Y8, Y9              // s = 2 abs / d, 0 where d is
	VANDNPD Y9, Y10, Y9
	VMOVUPD Y9, runErrors_s(DI)(AX*8)
	VMAXPD Y9, Y3, Y3
	ADDQ $4, AX
	CMPQ AX, CX
	JLT loop

#define GREATEST(y, x, to) \
	VEXTRACTF128 $1, y, X6 \
	VMAXPD X6, x, x        \
	VPERMILPD $1, x, X6    \
	VMAXSD X6, x, x        \
	VMOVSD x, to

	GREATEST(Y0, X0, e+24(FP))
	GREATEST(Y1, X1, z+32(FP))
	GREATEST(Y2, X2, a+40(FP))
	GREATEST(Y3, X3, s+48(FP))
	GREATEST(Y4, X4, d+56(FP))
	VEXTRACTI128 $1, Y5, X6
	VPADDQ X6, X5, X5
	VPSHUFD $0xee, X5, X6
	VPADDQ X6, X5, X5
	VMOVQ X5, AX
	NEGQ AX
	MOVQ AX, zeros+64(FP)
	VZEROUPPER
	RET
