Ways are measured by protocol: eval prints a table, compare writes a page.

# Without a protocol, those there are.

$ reckon eval | grep -v '^ '
ml-1m-loo
...
mine

$ reckon eval --json | head -c 14
{
  "lines": [
$ reckon eval none 2>&1
reckon eval: no protocol is called 'none'...
? 2

$ reckon eval ml-1m-loo ease 2>&1
reckon eval: unexpected argument 'ease'
see: reckon help eval
? 2

$ reckon eval mine --users 0 2>&1
reckon eval: --users is 0, must be 1 to 1000000000
see: reckon help eval
? 2

$ reckon eval mine -w '' 2>&1
reckon eval: --way is empty
see: reckon help eval
? 2

# A page that is there already is left alone, and that is said before the work.

$ echo mine >reckon-report.html
$ reckon compare 2>&1
reckon compare: reckon-report.html: exists: --force overwrites it
? 1
$ cat reckon-report.html
mine

$ reckon prepare --effort most 2>&1
reckon prepare: effort: expected fast or full, found 'most'
? 2

# What can learn is listed even where nothing is stored.

$ reckon models | sed -n '2,5p' | cut -c1-9
...
$ reckon models --json | head -n 1
{
