Numbers are read strictly: all of the text, within the bounds.

$ reckon recommend -u U12345 -n 0 2>&1
reckon recommend: -n is 0, must be 1 to 1000
see: reckon help recommend
? 2

$ for n in abc 1001 1000000 -1 +1 1.5 1e2 0x10 10abc ' 7' 99999999999999999999; do reckon recommend -u U12345 -n "$n" 2>&1 | head -n 1; done
reckon recommend: -n is abc, must be 1 to 1000
reckon recommend: -n is 1001, must be 1 to 1000
reckon recommend: -n is 1000000, must be 1 to 1000
reckon recommend: -n is -1, must be 1 to 1000
reckon recommend: -n is +1, must be 1 to 1000
reckon recommend: -n is 1.5, must be 1 to 1000
reckon recommend: -n is 1e2, must be 1 to 1000
reckon recommend: -n is 0x10, must be 1 to 1000
reckon recommend: -n is 10abc, must be 1 to 1000
reckon recommend: -n is  7, must be 1 to 1000
reckon recommend: -n is 99999999999999999999, must be 1 to 1000

$ reckon recommend -u U12345 --number '' 2>&1
reckon recommend: -n is , must be 1 to 1000
see: reckon help recommend
? 2

$ reckon similar --item B1 -n 0 2>&1
reckon similar: -n is 0, must be 1 to 1000
see: reckon help similar
? 2
