A model's file that is damaged, or of the wrong kind, ends what needs it with
one line; one that is missing leaves out what needs it, and doctor says so.

# needs: test -f "${RECKON_MODELS:-${XDG_CACHE_HOME:-$HOME/.cache}/reckon/models}/smollm2-q8_0.gguf"
# needs: test -f "${RECKON_MODELS:-${XDG_CACHE_HOME:-$HOME/.cache}/reckon/models}/minilm-f16.gguf"

$ models=${RECKON_MODELS:-${XDG_CACHE_HOME:-$HOME/.cache}/reckon/models}
$ with() { printf "models: {embedder: $1, writer: $2}\n" >reckon.yaml; }
$ with scripted scripted
$ for k in items users events; do reckon import -q $k "$SOURCE/examples/bookstore/$k.csv" >/dev/null; done
$ reckon prepare -q --no-progress >/dev/null
$ reckon status --json >before; cp reckon.db.snapshot before.snapshot
$ unchanged() { with scripted scripted; reckon status --json | cmp - before; cmp reckon.db.snapshot before.snapshot; }

$ head -c 20000000 "$models/smollm2-q8_0.gguf" >cut.gguf
$ with scripted cut.gguf; reckon prepare 2>&1
reckon prepare: cut.gguf: truncated: needs 144811072 bytes, has 20000000
? 5
$ unchanged

$ head -c 20000000 "$models/minilm-f16.gguf" >cut-embedder.gguf
$ with cut-embedder.gguf scripted; reckon prepare 2>&1
reckon prepare: cut-embedder.gguf: truncated: needs 46223232 bytes, has 20000000
? 5
$ unchanged

$ echo hello >hello.gguf
$ with scripted hello.gguf; reckon prepare 2>&1
reckon prepare: hello.gguf: not a GGUF file: it does not begin with "GGUF"
? 5
$ with scripted hello.gguf; reckon prepare --json 2>&1
{"error":{"code":"bad_format","message":"hello.gguf: not a GGUF file: it does not begin with \"GGUF\""}}
? 5
$ unchanged

$ with scripted minilm; reckon prepare 2>&1
reckon prepare: minilm-f16.gguf: architecture 'bert' is an encoder, a writer must be a causal model such as 'llama'
? 5
$ unchanged

# A request that needs such a model fails as clearly; what was read before
# needs none.

$ with cut-embedder.gguf scripted; reckon recommend --profile "sea stories" --way embeddings 2>&1
reckon recommend: cut-embedder.gguf: truncated: needs 46223232 bytes, has 20000000
? 5
$ with cut-embedder.gguf scripted; reckon recommend -u U12345 --way embeddings -n 3 --json | grep '"level"'
  "level": "embeddings",
$ with cut-embedder.gguf scripted; reckon doctor | sed -n '/^embedder/,/^writer/p'
embedder
  missing  cut-embedder.gguf: truncated: needs 46223232 bytes, has 20000000; meanwhile embeddings and rag are answered by auto; similar does not answer
writer
$ unchanged

# Missing is no error to prepare.

$ with scripted none.gguf; reckon prepare --no-progress
prepared in ... s
$ reckon doctor
...
writer
  missing  no model 'none.gguf' (give the path of a .gguf file): looked for none.gguf in ...; meanwhile llm and rag are answered by auto; ...
...
llm
  missing  no writer when prepared; auto answers in its place
rag
  missing  no writer when prepared; auto answers in its place
...
? 1
$ reckon recommend -u U12345 --way llm -n 3 --json | grep '"level"'
  "level": "auto, because llm: no writer when prepared",

$ with ./no/such.gguf scripted; reckon prepare --no-progress
prepared in ... s
$ reckon doctor | sed -n '/^embedder/,/^writer/p'
embedder
  missing  no model file '...no/such.gguf'; meanwhile ...
writer
$ reckon recommend -u U12345 --way embeddings -n 3 --json | grep '"level"'
  "level": "auto, because embeddings: no embedder when prepared",
$ reckon similar --item B78901 2>&1
reckon similar: items have no vectors: no embedder when prepared
? 4
