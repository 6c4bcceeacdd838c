#include "go_asm.h"
#include "textflag.h"

DATA half<>+0(SB)/8, $0.5
GLOBL half<>(SB), RODATA|NOPTR, $8

DATA topCell<>+0(SB)/8, $32767.0
GLOBL topCell<>(SB), RODATA|NOPTR, $8

// func vectorBounds(xs *float64, n int) (low, high float64)
TEXT ·vectorBounds(SB), NOSPLIT, $0-32
	MOVQ    xs+0(FP), SI
	MOVQ    n+8(FP), CX
	XORL    DX, DX
	VMOVUPD (SI), Y0
	VMOVUPD Y0, Y1
	VMOVUPD Y0, Y2
	VMOVUPD Y0, Y3

loop:
	VMOVUPD (SI)(DX*8), Y4
	VMOVUPD 32(SI)(DX*8), Y5
	VMINPD  Y4, Y0, Y0
	VMINPD  Y5, Y1, Y1
	VMAXPD  Y4, Y2, Y2
	VMAXPD  Y5, Y3, Y3
	ADDQ    $8, DX
	CMPQ    DX, CX
	JLT     loop

	VMINPD       Y1, Y0, Y0
	VMAXPD       Y3, Y2, Y2
	VEXTRACTF128 $1, Y0, X1
	VEXTRACTF128 $1, Y2, X3
	VMINPD       X1, X0, X0
	VMAXPD       X3, X2, X2
	VPERMILPD    $1, X0, X1
	VPERMILPD    $1, X2, X3
	VMINSD       X1, X0, X0
	VMAXSD       X3, X2, X2
	VMOVSD       X0, low+16(FP)
	VMOVSD       X2, high+24(FP)
	VZEROUPPER
	RET

// func vectorCellsByNumber(b *binner, xs *float64, n int)
//
// int32(min(max((x-low)*scale, 0), gridCells-1)), truncated, is the cell.
TEXT ·vectorCellsByNumber(SB), NOSPLIT, $0-24
	MOVQ         b+0(FP), AX
	MOVQ         xs+8(FP), SI
	MOVQ         n+16(FP), CX
	LEAQ         binner_where(AX), DI
	XORL         DX, DX
	VBROADCASTSD binner_low(AX), Y0
	VBROADCASTSD binner_scale(AX), Y1
	VXORPD       Y2, Y2, Y2
	VBROADCASTSD topCell<>(SB), Y3

loop:
	VMOVUPD     (SI)(DX*8), Y4
	VSUBPD      Y0, Y4, Y4
	VMULPD      Y1, Y4, Y4
	VMAXPD      Y2, Y4, Y4
	VMINPD      Y3, Y4, Y4
	VCVTTPD2DQY Y4, X4
	VMOVDQU     X4, (DI)(DX*4)
	ADDQ        $4, DX
	CMPQ        DX, CX
	JLT         loop
	VZEROUPPER
	RET

// func vectorCellsByKey(b *binner, xs *float64, n int)
//
// Values are brought between the first and the last edge, and their keys then are too;
// adding 0 makes -0 a 0.
TEXT ·vectorCellsByKey(SB), NOSPLIT, $0-24
	MOVQ         b+0(FP), AX
	MOVQ         xs+8(FP), SI
	MOVQ         n+16(FP), CX
	LEAQ         binner_where(AX), DI
	MOVQ         binner_edges(AX), BX
	MOVQ         binner_last(AX), R8
	XORL         DX, DX
	VBROADCASTSD (BX), Y0
	VBROADCASTSD (BX)(R8*8), Y1
	VPBROADCASTQ binner_key(AX), Y2
	VMOVQ        binner_shift(AX), X3
	VPXOR        Y4, Y4, Y4
	VPCMPEQD     Y5, Y5, Y5
	VPSLLQ       $63, Y5, Y5

loop:
	VMOVUPD      (SI)(DX*8), Y6
	VMAXPD       Y0, Y6, Y6
	VMINPD       Y1, Y6, Y6
	VADDPD       Y4, Y6, Y6
	VPCMPGTQ     Y6, Y4, Y7   // the sign in every bit
	VPOR         Y5, Y7, Y7
	VPXOR        Y7, Y6, Y6   // orderKey
	VPSUBQ       Y2, Y6, Y6
	VPSRLQ       X3, Y6, Y6
	VEXTRACTI128 $1, Y6, X7
	VSHUFPS      $0x88, X7, X6, X6
	VMOVDQU      X6, (DI)(DX*4)
	ADDQ         $4, DX
	CMPQ         DX, CX
	JLT          loop
	VZEROUPPER
	RET

// func vectorCount(b *binner, xs *float64, n int) (points int)
//
// One value at a time, as there are counts to change for each: the four edges near it
// lie side by side and are compared with it at once, and no branch follows as a rule.
// First all are found and what they change is fetched, then all are counted, so that
// many are under way at once and a branch that does go astray loses little.
TEXT ·vectorCount(SB), NOSPLIT, $0-32
	MOVQ   b+0(FP), AX
	MOVQ   xs+8(FP), SI
	MOVQ   n+16(FP), CX
	LEAQ   binner_where(AX), DI
	MOVQ   binner_edges(AX), R8
	ADDQ   $8, R8                // R8[i] is the upper edge of interval i
	MOVQ   binner_grid(AX), R9
	MOVQ   binner_cells(AX), R10
	XORL   R11, R11              // values on a point
	XORL   DX, DX

loop:
	MOVL         (DI)(DX*4), BX
	MOVWLZX      (R9)(BX*2), AX
	VBROADCASTSD (SI)(DX*8), Y0
	VCMPPD       $0x1e, (R8)(AX*8), Y0, Y2 // x > edge, never for NaN
	VMOVMSKPD    Y2, R12
	POPCNTL      R12, R12                  // edges are sorted: the first so many
	ADDL         R12, AX
	CMPL         R12, $4
	JEQ          search

found:
	MOVL       AX, (DI)(DX*4)
	LEAQ       (AX)(AX*2), R13
	PREFETCHT0 binCell_place(R10)(R13*8)
	INCQ       DX
	CMPQ DX, CX
	JLT  loop

	XORL   DX, DX
	VMOVSD half<>(SB), X1

count:
	MOVL        (DI)(DX*4), AX
	VMOVSD      (SI)(DX*8), X0
	VMOVSD      (R8)(AX*8), X3
	XORL        BX, BX
	VUCOMISD    X0, X3
	SETEQ       BL                                // on the point
	VSUBSD      X0, X3, X3                        // placeBelow
	LEAQ        (AX)(AX*2), R13                   // a bin has 3 * 8 bytes
	VMULSD      binCell_scale(R10)(R13*8), X3, X3
	VADDSD      X1, X3, X3
	VCVTTSD2SIQ X3, R12
	ADDQ        BX, R11
	SHLQ        $32, BX
	INCQ        BX                                // 1 | on<<32
	ADDQ        R12, binCell_place(R10)(R13*8)
	ADDQ        BX, binCell_n(R10)(R13*8)
	INCQ        DX
	CMPQ        DX, CX
	JLT         count
	MOVQ        R11, points+24(FP)
	VZEROUPPER
	RET

	// The bin is AX at least, and at most the number of edges below the next cell.
search:
	MOVWLZX 2(R9)(BX*2), BX

halve:
	CMPL     AX, BX
	JGE      found
	LEAL     (AX)(BX*1), R12
	SHRL     $1, R12
	VUCOMISD (R8)(R12*8), X0
	JHI      right
	MOVL     R12, BX
	JMP      halve

right:
	LEAL 1(R12), AX
	JMP  halve
