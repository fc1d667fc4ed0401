package policy

import (
	"maps"
	"slices"
	"strings"
)

// separate takes the values out of a list of flags that the linker gives to
// variables. In their place stays "-X name". What cannot be read stays as it
// is, and is then compared as text.
func separate(flags []string) (rest []string, values map[string]string) {
	values = map[string]string{}
	for _, flag := range flags {
		text, ok := strings.CutPrefix(flag, "-ldflags=")
		args, readable := split(text)
		if !ok || !readable {
			rest = append(rest, flag)
			continue
		}
		rest = append(rest, linkerFlags(args, values)...)
	}
	return rest, values
}

// linkerFlags returns each argument of the linker as "-ldflags: …".
func linkerFlags(args []string, values map[string]string) []string {
	var rest []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if (arg == "-X" || arg == "--X") && i+1 < len(args) {
			i++
			arg += "=" + args[i]
		}
		if name, value, ok := variable(arg); ok {
			values[name] = value
			arg = "-X " + name
		}
		rest = append(rest, "-ldflags: "+arg)
	}
	return rest
}

// variable reads "-X=name=value".
func variable(arg string) (name, value string, ok bool) {
	assignment, isX := strings.CutPrefix("-"+strings.TrimLeft(arg, "-"), "-X=")
	name, value, ok = strings.Cut(assignment, "=")
	return name, value, ok && isX
}

// split reads a list of arguments as the go command does: separated by white
// space, an argument within single or double quotes that begin it, without
// escapes.
func split(text string) (args []string, ok bool) {
	for {
		text = strings.TrimLeft(text, " \t\r\n")
		if text == "" {
			return args, true
		}
		end := strings.IndexAny(text, " \t\r\n")
		if quote := text[0]; quote == '"' || quote == '\'' {
			text = text[1:]
			if end = strings.IndexByte(text, quote); end < 0 {
				return nil, false
			}
			args, text = append(args, text[:end]), text[end+1:]
			continue
		}
		if end < 0 {
			end = len(text)
		}
		args, text = append(args, text[:end]), text[end:]
	}
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
