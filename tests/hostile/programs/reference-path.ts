// tries: files that are not the job's, by references
// want: compile error
// control: replace reference nothing
/// <reference path="/etc/passwd" />
console.log(1);
