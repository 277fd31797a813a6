#define MINE
#if MINE && NET8_0_OR_GREATER
#error so it is
#else
#error not this
#endif
#region r
Console.WriteLine();
#endregion
