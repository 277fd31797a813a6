#line 100 "elsewhere/Template.razor"
int x = undefined1;
#line 7 "/abs/olute.cs"
int y = undefined2;
#line hidden
int z = undefined3;
#line default
int w = undefined4;
