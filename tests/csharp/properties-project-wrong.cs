#:property Company=Those who made it
string s = 3;
