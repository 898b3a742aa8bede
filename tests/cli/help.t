Help is a page for each command, the same by each of its names.

$ reckon --version
reckon ...

$ reckon help | head -n 7
reckon - recommends from a catalogue, a log of events and a language model

Synopsis
  reckon [OPTION...] COMMAND [ARGUMENT...]
  reckon help COMMAND
  reckon --version

$ reckon --help >a; reckon -h >b; reckon help >c; cmp a b && cmp a c

$ commands="init import prepare recommend predict explain similar prompt show status doctor export eval compare models usage"
$ for c in $commands; do grep -q "^  $c  *[a-z]" a || echo "$c is not in the list"; done

$ for c in $commands; do reckon help $c >page-$c; reckon $c --help | cmp - page-$c; reckon $c -h | cmp - page-$c; done

# Every page has every part, and fits a terminal of 80 columns.

$ for c in $commands; do for part in "reckon $c - " Synopsis Description Examples 'Options of every command' 'Exit codes'; do grep -q "^$part" page-$c || echo "$c: no $part"; done; done
$ awk 'length > 80 { print FILENAME ": " $0 }' a page-*
$ for c in $commands; do sed -n '/^Examples/,/^$/p' page-$c | grep -q "^  reckon.* $c" || echo "$c: no example"; done

$ cat page-similar
reckon similar - list items near to an item in meaning

Synopsis
  reckon similar --item ID [-n N] [--trace]

Description
  Lists the items whose profiles are nearest in meaning, nearest first.
  Works for items that came after the last reckon prepare.

Options
  -i, --item ID      the item
  -n, --number N     how many, 1 to 1000 (default: 10)
      --trace        at the end, what each stage did

Examples
  reckon similar --item B27381 -n 5

Options of every command
  -c, --config FILE  the configuration (default: reckon.yaml here, if
                     there is one; else the built-in defaults)
      --store PATH   the store, instead of the configuration's
      --embedder NAME, --writer NAME
                     another model: a name, a .gguf file, a server's
                     address, or none
      --json         one JSON document on stdout, no progress; an error
                     is {"error":{"code":..,"message":..}} on stderr
  -q, --quiet        nothing but the answer and errors
      --no-progress  no progress bar and no progress lines
  -h, --help         this page

Exit codes
  0  done
  1  it failed: disk, memory, database, model, stopped by Ctrl-C
  2  the command line is wrong
  3  no such user, item or file
  4  nothing is prepared yet: run reckon prepare
  5  a file is not in the format that it should be
