#include "textflag.h"

// func vectorProductCuts(products, rests, xs, ys *float64, n int, m1, m2 float64) (a1, a2 float64, rest uint64)
//
// A vector has ProductLanes values. The rests are or-ed, and the bit of their signs is
// dropped, since a rest may be -0.
TEXT ·vectorProductCuts(SB), NOSPLIT, $0-80
	MOVQ products+0(FP), DI
	MOVQ rests+8(FP), R8
	MOVQ xs+16(FP), SI
	MOVQ ys+24(FP), DX
	MOVQ n+32(FP), CX
	VBROADCASTSD m1+40(FP), Y14
	VBROADCASTSD m2+48(FP), Y15
	VXORPD Y0, Y0, Y0 // sums of the first level
	VXORPD Y1, Y1, Y1 // and of the second
	VXORPD Y2, Y2, Y2 // bits of the rests
	XORQ AX, AX

loop:
	VMOVUPD (SI)(AX*8), Y3
	VMULPD (DX)(AX*8), Y3, Y3
	VMOVUPD Y3, (DI)(AX*8)
	VADDPD Y14, Y3, Y4
	VSUBPD Y14, Y4, Y4
	VADDPD Y4, Y0, Y0
	VSUBPD Y4, Y3, Y3
	VADDPD Y15, Y3, Y4
	VSUBPD Y15, Y4, Y4
	VADDPD Y4, Y1, Y1
	VSUBPD Y4, Y3, Y3
	VMOVUPD Y3, (R8)(AX*8)
	VORPD Y3, Y2, Y2
	ADDQ $4, AX
	CMPQ AX, CX
	JLT loop

	// The lanes of a level are on one grid, so their sum is not rounded either.
	VEXTRACTF128 $1, Y0, X4
	VADDPD X4, X0, X0
	VHADDPD X0, X0, X0
	VEXTRACTF128 $1, Y1, X5
	VADDPD X5, X1, X1
	VHADDPD X1, X1, X1
	VEXTRACTF128 $1, Y2, X6
	VORPD X6, X2, X2
	VPERMILPD $1, X2, X6
	VORPD X6, X2, X2
	VMOVQ X2, AX
	SHLQ $1, AX
	VZEROUPPER
	MOVSD X0, a1+56(FP)
	MOVSD X1, a2+64(FP)
	MOVQ AX, rest+72(FP)
	RET
