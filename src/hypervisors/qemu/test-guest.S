# A guest for tests that is there in a fraction of a second, also without an accelerator: a multiboot kernel that
# writes its command line to the serial console and then does what the word behind "mode=" begins with:
#   o  power off            b  wait for the power button, then power off
#   d  deaf: run for ever   r  reboot once the power button was pressed
#
# as --32 test-guest.S -o test-guest.o
# ld -m elf_i386 -N -s -e start -Ttext=0x100000 test-guest.o -o test-guest.elf

.set SERIAL, 0x3f8
.set POWER_STATUS, 0x600    # ACPI registers of q35, where its firmware puts them
.set POWER_ENABLE, 0x602
.set POWER_CONTROL, 0x604
.set BUTTON, 0x100
.set SLEEP_SOFT_OFF, 0x2000

.text
.balign 4
multiboot:
    .long 0x1badb002, 0, -0x1badb002
.globl start
start:
    mov $POWER_ENABLE, %dx      # before anything is said: whoever heard it may press at once
    mov $BUTTON, %ax
    out %ax, %dx
    mov 16(%ebx), %esi          # the command line
    mov %esi, %edi
    mov $SERIAL, %dx
1:  lodsb
    test %al, %al
    jz 2f
    out %al, %dx
    jmp 1b
2:  mov $10, %al
    out %al, %dx

    mov %edi, %esi              # find "mode="
3:  lodsl
    test %al, %al
    jz wait_for_button
    cmp $0x65646f6d, %eax
    je 4f
    sub $3, %esi
    jmp 3b
4:  mov 1(%esi), %bl

    cmp $'d', %bl
    je deaf
    cmp $'o', %bl
    je power_off
wait_for_button:
    mov $POWER_STATUS, %dx
5:  pause
    in %dx, %ax
    test $BUTTON, %ax
    jz 5b
    cmp $'r', %bl
    je reboot
power_off:
    mov $POWER_CONTROL, %dx
    mov $SLEEP_SOFT_OFF, %ax
    out %ax, %dx
deaf:
    hlt
    jmp deaf
reboot:
    mov $0xfe, %al
    out %al, $0x64
    jmp deaf
