package build

import (
	"regexp"
	"strings"
)

// Flags that a file records reach tools that could be told by them to run
// other programs (-extld), to load code (-fplugin) or to write files (-o,
// -cpuprofile). Only those pass of which it is known that they do none of
// that.

// flagRule is what one recorded setting may hold.
type flagRule struct {
	allowed  *regexp.Regexp // whole arguments
	takesArg *regexp.Regexp // arguments that the next one belongs to
	nested   *flagRule      // of the arguments after -extldflags
	pattern  bool           // may begin with a pattern of packages and "="
}

// compilerFlags are of the C compiler and its linker.
const compilerFlags = `-O\w?|-g\w*|-static(-pie|-libgcc|-libstdc\+\+)?|-pie|-no-pie|-s|-w|-pthread|-m[a-z0-9.-]+(=[\w.+-]*)?|-std=[\w+]+` +
	`|-[DUIlL][^\s]*|-W[a-z0-9-]*(=[\w-]*)?|-f(no-)?(PIC|PIE|pic|pie|lto|common|omit-frame-pointer|stack-[a-z-]+|exceptions|wrapv|visibility=\w+|cf-protection(=\w+)?)` +
	`|-f(file|debug|macro)-prefix-map=[^\s]+|-ffat-lto-objects|-fdiagnostics-[\w=-]+|-Wp,-D[\w=]+` +
	`|-Wl(,-z,(now|relro|noexecstack|defs|nodlopen|muldefs)|,-s|,--as-needed|,--gc-sections|,--no-gc-sections|,--build-id(=\w+)?|,-Bsymbolic(-functions)?|,--allow-multiple-definition)+`

func whole(pattern string) *regexp.Regexp { return regexp.MustCompile(`^(` + pattern + `)$`) }

// ruleFor returns the rule of a setting.
func ruleFor(key string) flagRule {
	none := whole(`[^\s\S]`)
	switch {
	case key == "-ldflags":
		return flagRule{
			allowed: whole(`--?(s|w|v|bindnow|aslr|compressdwarf|checklinkname|d|h|linkshared|race|msan|asan|n)(=(true|false|0|1))?` +
				`|--?X=[^\x00]+|--?buildid=[^\s]*|--?linkmode=(internal|external|auto)|--?H=\w+|--?B=\w+|--?T=\w+|--?R=\w+|--?E=[\w.]+|--?buildmode=[\w-]+|--?extldflags=`),
			takesArg: whole(`--?(X|buildid|linkmode|H|B|T|R|E|buildmode|extldflags)`),
			nested:   &flagRule{allowed: whole(compilerFlags), takesArg: none},
		}
	case key == "-gcflags" || key == "-asmflags":
		return flagRule{
			allowed:  whole(`--?(N|l|B|C|e|m|S|shared|dynlink|smallframes|dwarf|dwarflocationlists|spectre|c|d|D|trimpath|lang)(=[^\s]*)?`),
			takesArg: none, pattern: true,
		}
	default:
		return flagRule{allowed: whole(compilerFlags), takesArg: none}
	}
}

// checkRecorded returns a [*MissingError] if a recorded setting has an argument
// that is not known to be harmless.
func checkRecorded(key, value string) error {
	if bad, ok := refusedArgument(key, value); ok {
		return missing("build it by hand if you trust the file", "the file asks for %s with %.80q, which could run a program or write a file of its choice and is not passed on", key, bad)
	}
	return nil
}

// refusedArgument returns the first argument of a setting that is not known to be
// harmless.
func refusedArgument(key, value string) (refused string, found bool) {
	rule := ruleFor(key)
	if rule.pattern {
		if pattern, rest, ok := strings.Cut(value, "="); ok && !strings.HasPrefix(pattern, "-") && !strings.ContainsAny(pattern, " '\"") {
			value = rest
		}
	}
	return rule.firstRefused(value)
}

// firstRefused returns the first argument that the rule does not allow.
func (f flagRule) firstRefused(text string) (refused string, found bool) {
	args, ok := splitFlags(text)
	if !ok {
		return text, true
	}
	for i := 0; i < len(args); i++ {
		name, value, hasValue := strings.Cut(args[i], "=")
		isLinker := f.nested != nil && strings.TrimLeft(name, "-") == "extldflags"
		switch {
		case isLinker && !hasValue && i+1 < len(args):
			i++
			value = args[i]
			fallthrough
		case isLinker:
			if bad, ok := f.nested.firstRefused(value); ok {
				return bad, true
			}
		case f.takesArg.MatchString(args[i]) && i+1 < len(args):
			i++
			if !f.allowed.MatchString(name + "=" + args[i]) {
				return name + " " + args[i], true
			}
		case !f.allowed.MatchString(args[i]):
			return args[i], true
		}
	}
	return "", false
}

// splitFlags splits arguments as the go command does: at spaces, with quotes
// around whole arguments.
func splitFlags(text string) (args []string, ok bool) {
	const space = " \t\r\n"
	for {
		text = strings.TrimLeft(text, space)
		if text == "" {
			return args, true
		}
		if quote := text[0]; quote == '\'' || quote == '"' {
			arg, rest, closed := strings.Cut(text[1:], string(quote))
			if !closed {
				return nil, false
			}
			args, text = append(args, arg), rest
			continue
		}
		end := strings.IndexAny(text, space)
		if end < 0 {
			end = len(text)
		}
		args, text = append(args, text[:end]), text[end:]
	}
}
