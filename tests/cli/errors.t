A wrong command line is answered with exit code 2, what was expected and found,
and where to read more. Nothing is written to stdout.

$ reckon 2>&1
reckon: no command given
see: reckon help
? 2

$ reckon recomend 2>&1
reckon: unknown command 'recomend'
see: reckon help
? 2

$ reckon help recomend 2>&1
reckon: unknown command 'recomend'
see: reckon help
? 2

$ reckon --jsn status 2>&1
reckon: unknown option --jsn
see: reckon help
? 2

$ reckon recommend 2>&1
reckon recommend: for whom? --user ID or --profile TEXT
see: reckon help recommend
? 2

$ reckon recommend U12345 2>&1
reckon recommend: unexpected argument 'U12345'
see: reckon help recommend
? 2

$ reckon recommend --user 2>&1
reckon recommend: --user needs a value
see: reckon help recommend
? 2

$ reckon recommend --user '' 2>&1
reckon recommend: --user is empty
see: reckon help recommend
? 2

$ reckon recommend -u U12345 -z 2>&1
reckon recommend: unknown option -z
see: reckon help recommend
? 2

$ reckon recommend -u U12345 --explain=all 2>&1
reckon recommend: --explain=all takes no value
see: reckon help recommend
? 2

$ reckon recommend -u U12345 --candidates B1,,B2 2>&1
reckon recommend: --candidates has an empty id
see: reckon help recommend
? 2

$ reckon predict --item B1 2>&1
reckon predict: for whom? --user ID or --profile TEXT
see: reckon help predict
? 2

$ reckon predict --user U1 2>&1
reckon predict: which item? --item ID
see: reckon help predict
? 2

$ reckon explain --user U1 2>&1
reckon explain: which item? --item ID
see: reckon help explain
? 2

$ reckon similar 2>&1
reckon similar: which item? --item ID
see: reckon help similar
? 2

$ reckon show B1 2>&1
reckon show: expected item ID or user ID
see: reckon help show
? 2

$ reckon show book B1 2>&1
reckon show: expected item or user, found 'book'
see: reckon help show
? 2

$ reckon export films films.csv 2>&1
reckon export: expected items, users or events, found 'films'
see: reckon help export
? 2

$ reckon import 2>&1
reckon import: no file given
see: reckon help import
? 2

$ reckon import items 2>&1
reckon import: no file given
see: reckon help import
? 2

$ reckon import films.csv 2>&1
reckon import: items, users or events? the name films.csv does not say; say reckon import items films.csv
see: reckon help import
? 2

$ reckon import user-items.csv 2>&1 | head -n 1
reckon import: items, users or events? ...

$ for c in prepare status doctor; do reckon $c now 2>&1; done
reckon prepare: unexpected argument 'now'
see: reckon help prepare
reckon status: unexpected argument 'now'
see: reckon help status
reckon doctor: unexpected argument 'now'
see: reckon help doctor
? 2

# With --json the error is one JSON object, wherever --json stands.

$ reckon recommend --zz --json 2>&1
{"error":{"code":"usage","message":"unknown option --zz"}}
? 2

$ reckon --json recommend -n 0 2>&1 >/dev/null
{"error":{"code":"usage","message":"-n is 0, must be 1 to 1000"}}
? 2

$ reckon recommend --json "$(printf 'a"\\\n\033b')" 2>&1
{"error":{"code":"usage","message":"unexpected argument 'a\"\\\n\u001bb'"}}
? 2

# On a terminal's side nothing of the line may move the cursor.

$ reckon "$(printf 'a\033[2Jb')" 2>&1
reckon: unknown command 'a?[2Jb'
see: reckon help
? 2

# A configuration that is not there, or wrong, is named with its line.

$ reckon -c none.yaml status 2>&1
reckon status: none.yaml: cannot open: No such file or directory
? 3

$ printf 'store: a.db\nllm:\n  candidates: 0\n' >bad.yaml
$ reckon --config bad.yaml status 2>&1
reckon status: bad.yaml:3: llm.candidates: expected a whole number, 1 to 1000, found '0'
? 5

# What cannot be written is not passed over in silence.

$ reckon help >/dev/full
? 1
