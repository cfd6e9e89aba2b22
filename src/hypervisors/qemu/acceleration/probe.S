# The guest that decides whether an accelerator works: it does what a kernel does in its first millisecond.
# It fills the last KiB of a 64 KiB ROM. Before each stage it writes a letter to port 0xe9, so that whoever waits knows
# where it stopped; when all is done it writes 42 to isa-debug-exit, which ends QEMU with status 85.
# An exception has no handler: it resets the machine, and -no-reboot then ends QEMU with another status.
#
# as --64 probe.S -o probe.o && ld -m elf_x86_64 -N -e start -Ttext=0xfc00 probe.o -o probe.elf
# objcopy -O binary -j .text probe.elf probe.bin

.set ROM, 0xffff0000        # where the ROM is mapped; its copy in RAM has the same low 16 bits
.set TABLES, 0x1000         # three pages: one table of each level
.set SCRATCH, 0x5000        # 16 aligned bytes for memory operands, 4 KiB behind them for the stack
.set STEPS, 50000000
.set DEBUG_CONSOLE, 0xe9
.set DEBUG_EXIT, 0xf4

.macro stage letter
    mov $\letter, %al
    out %al, $DEBUG_CONSOLE
.endm

.text
.globl start
start:
.code16
real:
    cli
    stage 'r'
    lgdtl %cs:rom_gdt
    mov %cr0, %eax
    or $1, %al
    mov %eax, %cr0
    ljmpl $8, $ROM + protected

.code32
protected:
    stage 'p'
    mov $16, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    cld
    # This block moves to RAM, as a kernel does; from there on addresses are those it was linked for.
    mov $ROM + start, %esi
    mov $start, %edi
    mov $1024 / 4, %ecx
    rep movsl
    ljmpl $8, $in_memory

in_memory:
    lgdtl gdt_pointer
    mov $TABLES, %edi
    xor %eax, %eax
    mov $3 * 1024, %ecx
    rep stosl
    movl $TABLES + 0x1000 + 3, TABLES
    movl $TABLES + 0x2000 + 3, TABLES + 0x1000
    movl $0x83, TABLES + 0x2000         # one page of 2 MiB, present, writable
    mov $0x620, %eax                    # PAE, OSFXSR, OSXMMEXCPT
    mov %eax, %cr4
    mov $TABLES, %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx               # EFER
    rdmsr
    or $0x100, %eax                     # long mode
    wrmsr
    mov $0x80000003, %eax               # paging, monitor coprocessor, protection
    mov %eax, %cr0
    ljmpl $24, $long

.code64
long:
    stage 'l'
    mov $SCRATCH + 0x1000, %esp
    mov $1, %eax
    cpuid
    mov %ecx, %r8d                      # features of leaf 1
    mov $7, %eax
    xor %ecx, %ecx
    cpuid
    mov %ebx, %r9d                      # features of leaf 7

    bt $23, %r8d
    jnc 1f
    stage 'c'
    mov $0xff00ff, %ebx
    popcnt %rbx, %rbx
    cmp $16, %ebx
    jne wrong
1:  bt $13, %r8d
    jnc 1f
    stage 'x'
    xor %eax, %eax
    xor %edx, %edx
    mov $7, %ebx
    mov $9, %ecx
    movq $0, SCRATCH
    movq $0, SCRATCH + 8
    lock cmpxchg16b SCRATCH
    jnz wrong
    cmpq $9, SCRATCH + 8
    jne wrong
1:  bt $26, %r8d
    jnc 1f
    stage 'g'
    mov %cr4, %rax
    or $0x40000, %eax                   # OSXSAVE
    mov %rax, %cr4
    xor %ecx, %ecx
    xgetbv
    test $1, %al
    jz wrong
1:  stage 's'
    movq $0x1234, SCRATCH
    movups SCRATCH, %xmm0
    movdqa %xmm0, %xmm7
    movaps %xmm7, SCRATCH
    movq %xmm7, %rbx
    cmp $0x1234, %rbx
    jne wrong
    bt $3, %r9d
    jnc 1f
    stage 'b'
    mov $12, %ecx
    andn %rcx, %rcx, %rbx               # nothing is left of a number without itself
    jnz wrong
    tzcnt %rcx, %rbx
    cmp $2, %ebx
    jne wrong
1:  bt $8, %r9d
    jnc 1f
    stage 'B'
    mov $3, %ecx
    mov $1, %ebx
    shlx %rcx, %rbx, %rbx
    cmp $8, %ebx
    jne wrong
1:  stage 'n'
    mov $STEPS, %ecx
2:  dec %ecx
    jnz 2b
    stage 'd'
    mov $42, %al
    out %al, $DEBUG_EXIT
3:  hlt
    jmp 3b
wrong:
    stage '!'
    mov $1, %al
    out %al, $DEBUG_EXIT
    jmp 3b

.balign 8
gdt:
    .quad 0
    .quad 0x00cf9b000000ffff            # 8: code, 32 bits
    .quad 0x00cf93000000ffff            # 16: data
    .quad 0x00af9b000000ffff            # 24: code, 64 bits
gdt_end:
rom_gdt:
    .word gdt_end - gdt - 1
    .long ROM + gdt
gdt_pointer:
    .word gdt_end - gdt - 1
    .long gdt

.org 1024 - 16
.code16
    jmp real                            # the reset vector: the processor begins here
.org 1024
