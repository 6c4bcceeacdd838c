#include "textflag.h"

// The cuts of eight values, in two groups of four side by side, in the order of the
// lines in addPlainCuts: every addition and subtraction rounds as its line does there.
//
// Y0, Y1: m1 and m2   Y8, Y9: sums on the coarse grid
// Y2: center          Y10, Y11: sums on the finer grid
// AX is not 0 afterwards where there is a rest.
#define CUT \
	VADDPD    Y0, Y4, Y6        \ // p = x + m1 - m1
	VADDPD    Y0, Y5, Y7        \
	VSUBPD    Y0, Y6, Y6        \
	VSUBPD    Y0, Y7, Y7        \
	VADDPD    Y6, Y8, Y8        \ // a1 += p
	VADDPD    Y7, Y9, Y9        \
	VSUBPD    Y6, Y4, Y4        \ // x -= p
	VSUBPD    Y7, Y5, Y5        \
	VADDPD    Y1, Y4, Y6        \ // p = x + m2 - m2
	VADDPD    Y1, Y5, Y7        \
	VSUBPD    Y1, Y6, Y6        \
	VSUBPD    Y1, Y7, Y7        \
	VADDPD    Y6, Y10, Y10      \ // a2 += p
	VADDPD    Y7, Y11, Y11      \
	VCMPPD    $4, Y6, Y4, Y6    \ // x != p
	VCMPPD    $4, Y7, Y5, Y7    \
	VORPD     Y6, Y7, Y7        \
	VMOVMSKPD Y7, AX

#define CLEAR \
	VXORPD Y8, Y8, Y8    \
	VXORPD Y9, Y9, Y9    \
	VXORPD Y10, Y10, Y10 \
	VXORPD Y11, Y11, Y11

// Numbers on one grid add up in any order.
#define TOTAL \
	VADDPD       Y9, Y8, Y8    \
	VADDPD       Y11, Y10, Y10 \
	VEXTRACTF128 $1, Y8, X9    \
	VEXTRACTF128 $1, Y10, X11  \
	VADDPD       X9, X8, X8    \
	VADDPD       X11, X10, X10 \
	VHADDPD      X8, X8, X8    \
	VHADDPD      X10, X10, X10 \
	VZEROUPPER

// func vectorCuts(xs *float64, n int, m1, m2 float64) (a1, a2 float64, done int)
TEXT ·vectorCuts(SB), NOSPLIT, $0-56
	MOVQ         xs+0(FP), SI
	MOVQ         n+8(FP), CX
	VBROADCASTSD m1+16(FP), Y0
	VBROADCASTSD m2+24(FP), Y1
	XORL         DX, DX
	CLEAR

loop:
	VMOVUPD (SI)(DX*8), Y4
	VMOVUPD 32(SI)(DX*8), Y5
	CUT
	ADDQ    $8, DX
	TESTL   AX, AX
	JNZ     end
	CMPQ    DX, CX
	JLT     loop

end:
	TOTAL
	VMOVSD  X8, a1+32(FP)
	VMOVSD  X10, a2+40(FP)
	MOVQ    DX, done+48(FP)
	RET

// func vectorSquareCuts(xs *float64, n int, center, m1, m2 float64) (a1, a2 float64, done int)
TEXT ·vectorSquareCuts(SB), NOSPLIT, $0-64
	MOVQ         xs+0(FP), SI
	MOVQ         n+8(FP), CX
	VBROADCASTSD center+16(FP), Y2
	VBROADCASTSD m1+24(FP), Y0
	VBROADCASTSD m2+32(FP), Y1
	XORL         DX, DX
	CLEAR

loop:
	VMOVUPD (SI)(DX*8), Y4
	VMOVUPD 32(SI)(DX*8), Y5
	VSUBPD  Y2, Y4, Y4
	VSUBPD  Y2, Y5, Y5
	VMULPD  Y4, Y4, Y4
	VMULPD  Y5, Y5, Y5
	CUT
	ADDQ    $8, DX
	TESTL   AX, AX
	JNZ     end
	CMPQ    DX, CX
	JLT     loop

end:
	TOTAL
	VMOVSD  X8, a1+40(FP)
	VMOVSD  X10, a2+48(FP)
	MOVQ    DX, done+56(FP)
	RET
