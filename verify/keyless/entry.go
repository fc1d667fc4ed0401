package keyless

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
)

// The kinds of log entries that bind an envelope's signature.
var (
	entryV1 = entryKind{Kind: "dsse", Version: "0.0.1"}         // Rekor v1
	entryV2 = entryKind{Kind: "hashedrekord", Version: "0.0.2"} // Rekor v2
)

// entryKind is how the body of an entry names its own format.
type entryKind struct {
	Kind    string `json:"kind"`
	Version string `json:"apiVersion"`
}

func kindOf(e *protorekor.TransparencyLogEntry) entryKind {
	return entryKind{Kind: e.GetKindVersion().GetKind(), Version: e.GetKindVersion().GetVersion()}
}

// isV2 reports whether an entry that passed checkEntry is one of Rekor v2.
func isV2(e *protorekor.TransparencyLogEntry) bool { return kindOf(e) == entryV2 }

// checkEntry refuses entries with parts that neither the log's signatures cover nor
// the rest of the entry determines. Whether the log vouches for it is not asked here.
func checkEntry(e *protorekor.TransparencyLogEntry) error {
	if err := checkLength("log entry", e.GetCanonicalizedBody(), MaxEntry); err != nil {
		return err
	}
	if err := checkEntryKind(e); err != nil {
		return err
	}
	if isV2(e) {
		if e.GetInclusionPromise() != nil || e.GetIntegratedTime() != 0 || e.GetLogIndex() != e.GetInclusionProof().GetLogIndex() {
			return refuse(ErrLog, "has an entry of Rekor v2 with a promise, a time or two indexes")
		}
	} else if len(e.GetInclusionPromise().GetSignedEntryTimestamp()) == 0 || e.GetIntegratedTime() <= 0 {
		return refuse(ErrLog, "has an entry of Rekor v1 without the log's promise and time")
	}
	return checkProof(e.GetInclusionProof())
}

// checkEntryKind compares what the bundle says of the entry with what the entry says
// of itself.
func checkEntryKind(e *protorekor.TransparencyLogEntry) error {
	claimed := kindOf(e)
	if claimed != entryV1 && claimed != entryV2 {
		return refuse(ErrLog, "has a log entry of kind %s %s, not %s %s or %s %s", quote(claimed.Kind), quote(claimed.Version),
			entryV1.Kind, entryV1.Version, entryV2.Kind, entryV2.Version)
	}
	var actual entryKind
	if err := json.Unmarshal(e.GetCanonicalizedBody(), &actual); err != nil {
		return refuse(ErrLog, "has a log entry that is not JSON (%s)", why(err))
	}
	if actual != claimed {
		return refuse(ErrLog, "has a log entry of kind %s %s that claims to be %s %s", quote(actual.Kind), quote(actual.Version), claimed.Kind, claimed.Version)
	}
	return nil
}

func checkProof(proof *protorekor.InclusionProof) error {
	if proof == nil || len(proof.GetHashes()) > MaxHashes {
		return refuse(ErrLog, "has a log entry without an inclusion proof of at most %d hashes", MaxHashes)
	}
	text := proof.GetCheckpoint().GetEnvelope()
	if len(text) > MaxEntry {
		return refuse(nil, "has a checkpoint of %d bytes, at most %d are allowed", len(text), MaxEntry)
	}
	cp, ok := parseCheckpoint(text)
	if !ok {
		return refuse(ErrLog, "has a log entry whose checkpoint is not one with a single signature")
	}
	if proof.GetTreeSize() != cp.size || !bytes.Equal(proof.GetRootHash(), cp.root) {
		return refuse(ErrLog, "has a log entry whose inclusion proof is for another tree than its checkpoint")
	}
	return nil
}

// checkpoint is a signed tree head in the form of
// https://github.com/C2SP/C2SP/blob/main/tlog-checkpoint.md.
type checkpoint struct {
	size int64
	root []byte
}

// parseCheckpoint accepts one spelling of a checkpoint, with the signature of the log
// alone: no one here could tell whether another signature, of a witness, is good.
func parseCheckpoint(text string) (checkpoint, bool) {
	head, signature, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if len(lines) < 3 || !isSignatureOf(lines[0], signature) {
		return checkpoint{}, false
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] {
		return checkpoint{}, false
	}
	root, ok := decodeBase64(lines[2])
	return checkpoint{size: size, root: root}, ok
}

// isSignatureOf reports whether line is one line with a signature under the name of
// the log, with which the origin begins.
func isSignatureOf(origin, line string) bool {
	name, _, _ := strings.Cut(origin, " - ")
	line, begun := strings.CutPrefix(line, "— "+name+" ")
	line, ended := strings.CutSuffix(line, "\n")
	_, ok := decodeBase64(line)
	return begun && ended && ok
}

// decodeBase64 accepts the one spelling that the encoder writes.
func decodeBase64(s string) ([]byte, bool) {
	data, err := base64.StdEncoding.DecodeString(s)
	return data, err == nil && base64.StdEncoding.EncodeToString(data) == s
}
