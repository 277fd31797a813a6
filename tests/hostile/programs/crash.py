# tries: a crash of the interpreter
# want: signalled 11
# control: none bare it would leave a core dump
import ctypes
ctypes.string_at(8)
