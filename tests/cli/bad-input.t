What is wrong is said in one line: what, where, expected, found. Nothing else
changes: the store counts what it counted before.

$ printf 'models: {embedder: scripted, writer: scripted}\n' >reckon.yaml
$ for k in items users events; do reckon import -q $k "$SOURCE/examples/bookstore/$k.csv" >/dev/null; done
$ reckon prepare --no-progress
prepared in ... s
$ reckon status --json >before
$ unchanged() { reckon status --json | cmp - before; }

# Rows that are no rows. The others go in; here there are none.

$ printf 'id,title\nX1,One,extra\nX2\n' >columns.csv
$ reckon import items columns.csv 2>&1 >/dev/null
columns.csv:2: expected 2 columns, found 3
columns.csv:3: expected 2 columns, found 1

$ printf 'id,title\nX1,Caf\351\n' >bytes.csv
$ reckon import items bytes.csv 2>&1 >/dev/null
bytes.csv:2:7: byte 0xe9 is not UTF-8

$ printf 'id,title\nX1,"One\n' >quote.csv
$ reckon import items quote.csv 2>&1 >/dev/null
quote.csv:2:4: expected a closing quote, found none

$ printf 'user,item,type,value,at\nU12345,B00000,rating,5,1\n' >unknown.csv
$ reckon import events unknown.csv 2>&1 >/dev/null
unknown.csv:2:8: no such item: 'B00000'

$ printf 'user,item,type,value,at\nU12345,B78901,rating,five,1\nU12345,B78901,rating,5,soon\nU12345,,rating,5,1\n' >values.csv
$ reckon import events values.csv 2>&1 >/dev/null
values.csv:2:22: expected a number, found 'five'
values.csv:3:24: expected Unix seconds or a time like 2026-11-24T09:30:00Z, found 'soon'
values.csv:4: item has 0 bytes, must have 1 to 256

$ printf '{"id":"X1","title":"One"\n[1]\n{"title":"No id"}\n' >lines.jsonl
$ reckon import items lines.jsonl 2>&1 >/dev/null
lines.jsonl:1: not JSON at byte 24: ...
lines.jsonl:2: expected an object, found an array
lines.jsonl:3: expected members id (or item_id, itemid) and title, found title
$ unchanged

# With --strict one bad row keeps all of its file out.

$ printf 'id,title\nX1,One\nX2,Caf\351\nX3,Three\n' >strict.csv
$ reckon import items strict.csv --strict 2>&1
strict.csv:3:7: byte 0xe9 is not UTF-8
reckon import: strict.csv: 1 bad rows; strict: nothing was imported
? 5
$ printf 'user,item\nU12345,B78901\nU12345,B00000\nU99999,B78901\n' >strict-events.csv
$ reckon import events strict-events.csv --strict 2>&1
strict-events.csv:3:8: no such item: 'B00000'
reckon import: strict-events.csv: 1 bad rows; strict: nothing was imported
? 5
$ unchanged

# Files that are no tables.

$ : >empty.csv
$ reckon import items empty.csv 2>&1
reckon import: empty.csv: expected a header line, found no line
? 5
$ printf 'user,type\nU12345,view\n' >header.csv
$ reckon import events header.csv 2>&1
reckon import: header.csv:1: expected columns user (or user_id, userid) and item (or item_id, itemid), found user, type
? 5
$ head -c 5000 /dev/zero >zeros.csv
$ reckon import items zeros.csv 2>&1
reckon import: zeros.csv:1:1: byte 0x00 is not text
? 5
$ mkdir folder.csv
$ reckon import items folder.csv 2>&1
reckon import: folder.csv: not a regular file
? 1
$ unchanged

# Nobody and nothing.

$ reckon recommend --user nobody 2>&1
reckon recommend: no such user: nobody
? 3
$ reckon predict --user U12345 --item nothing 2>&1
reckon predict: no such item: nothing
? 3
$ reckon similar --item nothing 2>&1
reckon similar: no such item: nothing
? 3
$ reckon recommend --user U12345 --candidates B78901,nothing 2>&1
reckon recommend: no such item: nothing
? 3
$ reckon recommend --user nobody --json 2>&1
{"error":{"code":"not_found","message":"no such user: nobody"}}
? 3
$ reckon recommend --user U12345 --way magic 2>&1
reckon recommend: way is 'magic', must be embeddings, tokens, llm, rag or auto
? 2
$ reckon recommend --profile "$(printf 'caf\351')" 2>&1
reckon recommend: the profile is not UTF-8
? 2

# Too few and too many; as many as there are is not too many.

$ for n in 0 1000000; do reckon recommend --user U12345 -n $n 2>&1 | head -n 1; done
reckon recommend: -n is 0, must be 1 to 1000
reckon recommend: -n is 1000000, must be 1 to 1000
$ reckon recommend --user U12345 -n 1000 --json | grep -c '"title"'
48
$ unchanged

# A store that is none, and a snapshot that is damaged.

$ echo hello >hello.db
$ reckon --store hello.db status 2>&1
reckon status: hello.db: ...
? 5
$ cat hello.db
hello
$ cp reckon.db cut.db
$ head -c 10000 reckon.db.snapshot >cut.db.snapshot
$ reckon --store cut.db recommend --user U12345 2>&1
reckon recommend: ...cut.db.snapshot: ...
? 5
