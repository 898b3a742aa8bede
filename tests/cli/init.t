`reckon init` writes a configuration with every key, and never over another.

$ reckon init 2>/dev/null
wrote reckon.yaml

$ reckon init shop 2>&1
wrote shop/reckon.yaml
next: reckon import items.csv users.csv events.csv, then reckon prepare

$ cmp reckon.yaml shop/reckon.yaml
$ grep -v '^ *#' reckon.yaml | sed 1d
store: reckon.db

models:
  embedder: minilm
...
learn:
  effort: fast
  half_life_days: 0

$ echo 'llm: {seed: 7}' >reckon.yaml
$ reckon init 2>&1
reckon init: reckon.yaml: exists, and is not overwritten
? 1
$ cat reckon.yaml
llm: {seed: 7}

$ reckon init --json other
{"config":"other/reckon.yaml"}

$ reckon init -q third 2>&1
wrote third/reckon.yaml

$ reckon init a b 2>&1
reckon init: one folder at most, found 2
see: reckon help init
? 2

$ reckon init none/none 2>&1
reckon init: none/none: cannot make the folder: No such file or directory
? 1
