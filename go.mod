module github.com/gohotfix/hotfix

go 1.26.0

require (
	// The model of bills of materials, by which a test reads ours. No program links it.
	github.com/CycloneDX/cyclonedx-go v0.12.0
	// Reads the memory limit of the container, so that builds stay within it.
	github.com/KimMachineGun/automemlimit v1.0.1
	// The JSON schema of report.json: made from the Go types by internal/reportschema, and asked by tests.
	github.com/google/jsonschema-go v0.4.3
	// FUSE: the disk on which internal/crash cuts the power. No program of users links it.
	github.com/hanwen/go-fuse/v2 v2.12.1
	// SLSA's own types of provenance, by which a test reads ours. No program links it.
	github.com/in-toto/attestation v1.2.0
	// Compressors of packages: faster than the standard library's at equal size, and zstd.
	github.com/klauspost/compress v1.20.3
	// Script tests of the commands, with txtar files.
	github.com/rogpeppe/go-internal v1.16.0
	// Progress bar of the example release tool on a terminal.
	github.com/schollz/progressbar/v3 v3.19.1
	// Free memory of the host on Linux, macOS and Windows, for the memory budget of builds.
	github.com/shirou/gopsutil/v4 v4.26.10
	// Signers of ECDSA, Ed25519 and RSA keys, and cosign's encrypted PEM. Hosts, which
	// only verify, do not link it.
	github.com/sigstore/sigstore v1.10.11
	// Assertions of the tests.
	github.com/stretchr/testify v1.12.1
	// cryptobyte: the strict reader of DER under timestamps.
	golang.org/x/crypto v0.55.0
	// apidiff: what differs between the exported APIs of base and fix.
	golang.org/x/exp v0.0.0-20261014143641-f0251eb4aa3e
	// Reading go.mod files and comparing module and semantic versions.
	golang.org/x/mod v0.42.0
	// Bounded groups of goroutines that build and pack targets.
	golang.org/x/sync v0.24.0
	// Windows job objects, which end a build with all its children; namespaces, Landlock and limits of sandboxes on Linux.
	golang.org/x/sys v0.49.0
	// Asks whether standard error is a terminal, and reads passwords without echo.
	golang.org/x/term v0.47.0
	// go/packages: what the pattern of a main package resolves to under the build's own flags.
	// txtar: the two trees of a change, in tests of policies.
	golang.org/x/tools v0.52.0
	// The JSON reader of these types, in the same test.
	google.golang.org/protobuf v1.36.12
)

require (
	github.com/ebitengine/purego v0.11.2 // indirect
	github.com/go-ole/go-ole v1.2.6 // indirect
	github.com/google/go-containerregistry v0.21.9 // indirect
	github.com/lufia/plan9stats v0.0.0-20211012122336-39d0f177ccd0 // indirect
	github.com/mitchellh/colorstring v0.0.0-20190213212951-d06e56a500db // indirect
	github.com/opencontainers/go-digest v1.0.0 // indirect
	github.com/pbnjay/memory v0.0.0-20210728143218-7b4eea64cf58 // indirect
	github.com/power-devops/perfstat v0.0.0-20260805114148-88456608a4f6 // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	github.com/secure-systems-lab/go-securesystemslib v0.11.1 // indirect
	github.com/sigstore/protobuf-specs v0.5.2 // indirect
	github.com/tklauser/go-sysconf v0.4.0 // indirect
	github.com/tklauser/numcpus v0.12.0 // indirect
	github.com/youmark/pkcs8 v0.0.0-20240726163527-a2c0da244d78 // indirect
	github.com/yusufpapurcu/wmi v1.2.4 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	google.golang.org/genproto/googleapis/api v0.0.0-20260727163830-6c54dddc4772 // indirect
)
