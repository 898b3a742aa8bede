What goes in is checked, counted, and comes out again.

$ cp -r "$SOURCE/examples/bookstore" books

# Items come before the events that name them, whatever the order.

$ reckon import books/events.csv books/items.csv books/users.csv
items: 64 rows from books/items.csv in ... s (... rows/s)
users: 28 rows from books/users.csv in ... s (... rows/s)
events: 480 rows from books/events.csv in ... s (... rows/s)
$ reckon status
...
  items ... 64
  users ... 28
  events ... 480
...

# The same again leaves the same.

$ reckon import -q books/*.csv >/dev/null
$ reckon status | grep -cE '^  (items +64|users +28|events +480)$'
3

$ reckon show item B78901
item
...
  title ... The Silent Patient
...
$ reckon show user nobody 2>&1
reckon show: ... nobody
? 3
$ reckon show user nobody --json 2>&1
{"error":{"code":"not_found","message":"... nobody"}}
? 3

# What is written, reads back: two stores, the same files.

$ for k in items users events; do reckon export $k $k-1.csv; done
items: written to items-1.csv
users: written to users-1.csv
events: written to events-1.csv
$ reckon --store other.db import -q items-1.csv users-1.csv events-1.csv >/dev/null
$ for k in items users events; do reckon --store other.db export -q $k $k-2.csv >/dev/null; cmp $k-1.csv $k-2.csv; done
$ reckon export items items.jsonl --json
{"kind":"items","file":"items.jsonl"}
$ wc -l <items.jsonl
64
$ reckon export items items.xml 2>&1
reckon export: items.xml: expected ...
? 2

# A bad row is named with its line; of many, the first 20 and their number.

$ printf 'id,title\nA1,One\nA2\n,Three\n' >bad-items.csv
$ reckon import bad-items.csv 2>errors
items: 1 rows from bad-items.csv in ... s (... rows/s), 2 REFUSED
$ cat errors
bad-items.csv:3...
bad-items.csv:4...
$ { echo user,item; seq 25; } >bad-events.csv
$ reckon import bad-events.csv 2>errors
events: 0 rows from ..., 25 REFUSED
$ wc -l <errors
21
$ tail -n 1 errors
and 5 more rows refused
$ reckon import bad-items.csv --json 2>/dev/null
{"imports":[{"kind":"items","file":"bad-items.csv","rows":1,"refused":2,"took_us":...}]}

# With --strict nothing of the file goes in.

$ reckon --store strict.db import --strict bad-items.csv 2>errors
? 5
$ reckon --store strict.db show item A1 2>&1
reckon show: ... A1
? 3

$ reckon import items none.csv 2>&1
reckon import: none.csv: cannot open: No such file or directory
? 3

# Nothing is prepared yet.

$ for c in "recommend --user U12345" "predict --user U12345 --item B78901"; do reckon $c 2>&1; echo "exit code $?"; done
reckon recommend: nothing is prepared yet: run reckon prepare
exit code 4
reckon predict: nothing is prepared yet: run reckon prepare
exit code 4
