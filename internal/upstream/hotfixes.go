package upstream

import (
	"strings"

	"github.com/gohotfix/hotfix/target"
)

// Hotfix is a small fix of a real program.
type Hotfix struct {
	Name    string
	Program Program
	Edit    Edit
	Edited  string          // as in [Executable]
	Symbol  string          // of the edited function in the executable
	Silent  string          // why a comparison of base and fix cannot name that function alone; "" if it can
	Targets []target.Target // what base and fix are built for
}

// Program is a main package of a module.
type Program struct {
	Module  string // PATH@VERSION
	Package string // as "./cmd/age"
}

// Version is that of the module.
func (p Program) Version() string { return p.Module[strings.LastIndexByte(p.Module, '@')+1:] }

// For is the program for a target, as released.
func (p Program) For(on target.Target) Executable {
	return Executable{Module: p.Module, Package: p.Package, Target: on}
}

// Base is the program for a target without the fix.
func (h Hotfix) Base(on target.Target) Executable {
	e := h.Program.For(on)
	e.Vendored = h.Edited != "" && h.Edited != StandardLibrary
	return e
}

// Fixed is the program for a target with the fix in it.
func (h Hotfix) Fixed(on target.Target) Executable {
	e := h.Base(on)
	e.Edit, e.Edited = &h.Edit, h.Edited
	return e
}

// Hotfixes are fixes of several kinds: a check at the top of a function, a
// statement taken out, another constant, another comparison; in programs, in
// what they depend on, and in the standard library.
func Hotfixes() []Hotfix {
	return append(checks(), others()...)
}

// NATS is a version of nats-server.
func NATS(version string) Program {
	return Program{"github.com/nats-io/nats-server/v2@" + version, "."}
}

func yq(version string) Program { return Program{"github.com/mikefarah/yq/v4@" + version, "."} }

// Age is a version of age.
func Age(version string) Program { return Program{"filippo.io/age@" + version, "./cmd/age"} }

func caddy(version string) Program {
	return Program{"github.com/caddyserver/caddy/v2@" + version, "./cmd/caddy"}
}

// Targets are several targets by their names.
func Targets(names ...string) []target.Target {
	var targets []target.Target
	for _, name := range names {
		targets = append(targets, target.MustParse(name))
	}
	return targets
}

// checks put a statement at the top of a function of the program.
func checks() []Hotfix {
	return []Hotfix{
		{Name: "nats-a", Program: NATS("v2.14.8"), Edit: Edit{File: "server/client.go", Receiver: "*client", Name: "processUnsub",
			Insert: `if len(arg) == 0 { c.Debugf("empty argument of UNSUB"); return fmt.Errorf("processUnsub: empty argument") }`},
			Symbol: "github.com/nats-io/nats-server/v2/server.(*client).processUnsub", Targets: Targets("linux/amd64")},
		{Name: "nats-b", Program: NATS("v2.14.8"), Edit: Edit{File: "server/monitor.go", Receiver: "*Server", Name: "HandleRoutez",
			Insert: `if r.URL == nil { s.Errorf("routez: a request without URL"); w.WriteHeader(503); return }`},
			Symbol: "github.com/nats-io/nats-server/v2/server.(*Server).HandleRoutez", Targets: Targets("linux/amd64")},
		{Name: "nats-c", Program: NATS("v2.15.2"), Edit: Edit{File: "server/filestore.go", Receiver: "*fileStore", Name: "LoadMsg",
			Insert: `if seq == 0 { return nil, ErrStoreMsgNotFound }`},
			Symbol: "github.com/nats-io/nats-server/v2/server.(*fileStore).LoadMsg", Targets: Targets("linux/amd64")},
		{Name: "nats-d", Program: NATS("v2.14.8"), Edit: Edit{File: "server/jetstream_api.go", Receiver: "*Server", Name: "jsStreamNamesRequest",
			Insert: `if len(subject) == 0 { s.Warnf("names of streams: a request without subject"); return }`},
			Symbol: "github.com/nats-io/nats-server/v2/server.(*Server).jsStreamNamesRequest", Targets: Targets("darwin/arm64")},
		{Name: "yq-a", Program: yq("v4.54.1"), Edit: Edit{File: "pkg/yqlib/operator_env.go", Name: "envOperator",
			Insert: `if expressionNode == nil { return Context{}, fmt.Errorf("env: the expression is missing") }`},
			Symbol: "github.com/mikefarah/yq/v4/pkg/yqlib.envOperator", Targets: Targets("linux/amd64")},
		{Name: "yq-b", Program: yq("v4.54.1"), Edit: Edit{File: "pkg/yqlib/decoder_ini.go", Receiver: "*iniDecoder", Name: "Decode",
			Insert: `if dec.reader == nil { return nil, fmt.Errorf("ini: no reader was given") }`},
			Symbol: "github.com/mikefarah/yq/v4/pkg/yqlib.(*iniDecoder).Decode", Targets: Targets("linux/amd64")},
		{Name: "age-a", Program: Age("v1.3.2"), Edit: Edit{File: "cmd/age/age.go", Name: "decrypt",
			Insert: `if len(identities) == 0 { errorf("no identities were given") }`},
			Symbol: "main.decrypt", Targets: Targets("linux/arm64", "windows/amd64", "darwin/arm64", "linux/amd64")},
		{Name: "caddy-a", Program: caddy("v2.11.8"), Edit: Edit{File: "modules/caddyhttp/staticresp.go", Receiver: "StaticResponse", Name: "ServeHTTP",
			Insert: `if r.URL == nil { return Error(http.StatusBadRequest, fmt.Errorf("static response: a request without URL")) }`},
			Symbol: "github.com/caddyserver/caddy/v2/modules/caddyhttp.StaticResponse.ServeHTTP", Targets: Targets("linux/amd64")},
		{Name: "caddy-b", Program: caddy("v2.11.9"), Edit: Edit{File: "modules/caddyhttp/headers/headers.go", Receiver: "HeaderOps", Name: "ApplyToRequest",
			Insert: `if r == nil || r.Header == nil { return }`},
			Symbol: "github.com/caddyserver/caddy/v2/modules/caddyhttp/headers.HeaderOps.ApplyToRequest", Targets: Targets("linux/arm64")},
	}
}

// others are edits of other kinds or of other places.
func others() []Hotfix {
	return []Hotfix{
		{Name: "nats-e", Program: NATS("v2.14.8"), Edit: Edit{File: "server/leafnode.go", Receiver: "*Server", Name: "leafNodeResumeConnectProcess", Remove: 8},
			Symbol: "github.com/nats-io/nats-server/v2/server.(*Server).leafNodeResumeConnectProcess", Targets: Targets("windows/amd64")},
		{Name: "nats-f", Program: NATS("v2.14.8"), Edit: Edit{File: "server/const.go", Name: "DEFAULT_MAX_CLOSED_CLIENTS", Replace: &Replacement{"10000", "20000"}},
			Symbol: "github.com/nats-io/nats-server/v2/server.setBaselineOptions", Targets: Targets("linux/arm64")},
		{Name: "yq-c", Program: yq("v4.54.1"), Edit: Edit{File: "pkg/yqlib/operator_slice.go", Name: "sliceStringNode", Remove: 6},
			Symbol: "github.com/mikefarah/yq/v4/pkg/yqlib.sliceStringNode", Targets: Targets("darwin/arm64")},
		{Name: "yq-d", Program: yq("v4.54.1"), Edit: Edit{File: "pkg/yqlib/operator_multiply.go", Name: "repeatString", Replace: &Replacement{"<", "<="}},
			Symbol: "github.com/mikefarah/yq/v4/pkg/yqlib.repeatString", Targets: Targets("linux/arm64")},
		{Name: "yq-e", Program: yq("v4.54.1"), Edit: Edit{File: "pkg/yqlib/operator_pivot.go", Name: "getUniqueElementTag",
			Insert: `if seq.Kind == ScalarNode { return "", fmt.Errorf("pivot: %v is no sequence", seq.Tag) }`},
			Symbol: "github.com/mikefarah/yq/v4/pkg/yqlib.getUniqueElementTag", Targets: Targets("windows/amd64")},
		{Name: "yq-dependency", Program: yq("v4.54.1"), Edited: "github.com/go-ini/ini", Edit: Edit{File: "parser.go", Receiver: "*File", Name: "parse",
			Insert: `if reader == nil { return fmt.Errorf("ini: no reader was given") }`},
			Symbol: "github.com/go-ini/ini.(*File).parse", Targets: Targets("darwin/amd64")},
		{Name: "yq-csv", Program: yq("v4.54.1"), Edited: StandardLibrary, Edit: Edit{File: "encoding/csv/reader.go", Receiver: "*Reader", Name: "readRecord",
			Insert: `if r.r == nil { return nil, errInvalidDelim }`},
			Symbol: "encoding/csv.(*Reader).readRecord", Targets: Targets("linux/amd64")},
		{Name: "yq-runtime", Program: yq("v4.54.1"), Edited: StandardLibrary, Edit: Edit{File: "runtime/chan.go", Name: "closechan",
			Insert: `if c != nil && c.qcount > c.dataqsiz { throw("close of a broken channel") }`},
			Symbol: "runtime.closechan", Targets: Targets("linux/amd64")},
		{Name: "caddy-c", Program: caddy("v2.11.9"), Edit: Edit{File: "modules/caddyhttp/fileserver/staticfiles.go", Name: "calculateEtag", Remove: 6},
			Symbol: "github.com/caddyserver/caddy/v2/modules/caddyhttp/fileserver.calculateEtag", Targets: Targets("windows/amd64")},
		{Name: "caddy-dependency", Program: caddy("v2.11.9"), Edited: "github.com/caddyserver/certmagic", Edit: Edit{File: "certificates.go", Receiver: "*Config", Name: "loadManagedCertificate",
			Insert: `if domain == "" { return Certificate{}, fmt.Errorf("the certificate of no domain was asked for") }`},
			Symbol: "github.com/caddyserver/certmagic.(*Config).loadManagedCertificate", Silent: "two numbers in the data of golang.org/x/text/language could be addresses of what moved",
			Targets: Targets("linux/amd64")},
		{Name: "age-b", Program: Age("v1.3.2"), Edit: Edit{File: "scrypt.go", Receiver: "*ScryptRecipient", Name: "WrapWithLabels", Replace: &Replacement{"16", "24"}},
			Symbol: "filippo.io/age.(*ScryptRecipient).WrapWithLabels", Targets: Targets("windows/arm64")},
		{Name: "age-c", Program: Age("v1.3.2"), Edit: Edit{File: "internal/stream/stream.go", Receiver: "*EncryptWriter", Name: "flushChunk", Remove: 3},
			Symbol: "filippo.io/age/internal/stream.(*EncryptWriter).flushChunk", Targets: Targets("darwin/amd64")},
		{Name: "age-base64", Program: Age("v1.3.2"), Edited: StandardLibrary, Edit: Edit{File: "encoding/base64/base64.go", Receiver: "*Encoding", Name: "decodeQuantum",
			Insert: `if si > len(src) { return si, 0, CorruptInputError(si) }`},
			Symbol: "encoding/base64.(*Encoding).decodeQuantum", Targets: Targets("linux/arm64")},
		{Name: "age-fips", Program: Age("v1.3.2"), Edited: StandardLibrary, Edit: Edit{File: "crypto/internal/fips140/hmac/hmac.go", Receiver: "*HMAC", Name: "Sum",
			Insert: `if h == nil { panic("hmac: no hash was made") }`},
			Symbol: "crypto/internal/fips140/hmac.(*HMAC).Sum", Targets: Targets("windows/amd64")},
	}
}
