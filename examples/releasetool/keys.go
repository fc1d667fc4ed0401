package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/term"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/sign"
	"github.com/gohotfix/hotfix/verify/sign/tsa"
	"github.com/gohotfix/hotfix/verify/timestamp"
)

// passwordVariable is cosign's own, so that one set-up serves both tools.
const passwordVariable = "COSIGN_PASSWORD"

// askPassword takes the password of a key from the environment, or asks for it
// on the terminal; never from the command line, where others see it.
func (t *tool) askPassword(prompt string) func() ([]byte, error) {
	return func() ([]byte, error) {
		if value := t.getenv(passwordVariable); value != "" {
			return []byte(value), nil
		}
		return t.password(prompt)
	}
}

func readPassword(prompt string) ([]byte, error) {
	stdin := int(os.Stdin.Fd())
	if !term.IsTerminal(stdin) {
		return nil, fmt.Errorf("the key is encrypted: set %s to its password, or run on a terminal", passwordVariable)
	}
	fmt.Fprint(os.Stderr, prompt)
	defer fmt.Fprintln(os.Stderr)
	return term.ReadPassword(stdin)
}

// stampFlags say who stamps signatures with the time.
type stampFlags struct {
	urls  list
	chain string
}

func (f *stampFlags) define(flags *flag.FlagSet) {
	flags.Var(&f.urls, "tsa", "`URL` of an RFC 3161 time-stamping authority that proves when it was signed; may be given several times")
	flags.StringVar(&f.chain, "tsa-chain", "", "PEM `file` of its certificates, the root last, by which its answers are checked")
}

// options are those of a signer that asks the authorities.
func (f *stampFlags) options() ([]sign.Option, error) {
	var checked []tsa.Option
	if f.chain != "" {
		chain, err := readFile(f.chain, manifest.MaxCertificates*manifest.MaxDER)
		if err != nil {
			return nil, fmt.Errorf("reading the certificates: %w", err)
		}
		authority, err := timestamp.NewAuthority(f.chain, chain)
		if err != nil {
			return nil, err
		}
		checked = append(checked, tsa.WithAuthorities(authority))
	}
	var stampers []sign.Stamper
	for _, url := range f.urls {
		client, err := tsa.New(url, checked...)
		if err != nil {
			return nil, err
		}
		stampers = append(stampers, client)
	}
	return []sign.Option{sign.WithTimestamps(stampers...)}, nil
}

// loadSigner reads a private key file.
func (t *tool) loadSigner(path string, stamps *stampFlags) (*sign.Signer, error) {
	data, err := readFile(path, sign.MaxKeyFile)
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	options, err := stamps.options()
	if err != nil {
		return nil, err
	}
	signer, err := sign.LoadKey(data, t.askPassword("password of "+path+": "), options...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return signer, nil
}

// readFile reads a file of bounded size.
func readFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s has %d bytes; a file of this kind has at most %d", path, info.Size(), limit)
	}
	return os.ReadFile(path)
}

func defineKeygen(t *tool, flags *flag.FlagSet) action {
	out := flags.String("out", "", "write `PREFIX`.key and PREFIX.pub")
	return func(_ context.Context, _ []string) error {
		if *out == "" {
			return errors.New("no -out: give the prefix of the two files to write")
		}
		password, err := t.newPassword()
		if err != nil {
			return err
		}
		private, public, err := sign.GenerateKeyPair(password)
		if err != nil {
			return err
		}
		if err := writeNew(*out+".key", private, 0o600); err != nil {
			return err
		}
		if err := writeNew(*out+".pub", public, 0o644); err != nil {
			return errors.Join(err, os.Remove(*out+".key"))
		}
		key, err := verify.ParsePublicKey(public)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(t.stdout, "key %s: keep %s.key secret, give %s.pub to the hosts\n", key.ID().Short(), *out, *out)
		return err
	}
}

// newPassword asks twice on a terminal, since a typing error would lose the key.
func (t *tool) newPassword() ([]byte, error) {
	if value := t.getenv(passwordVariable); value != "" {
		return []byte(value), nil
	}
	first, err := t.password("password for the new key: ")
	if err != nil {
		return nil, err
	}
	second, err := t.password("the same password again: ")
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(first, second) {
		return nil, errors.New("the two passwords differ: try again")
	}
	return first, nil
}

// writeNew writes a file that must not exist yet: a key is never overwritten.
func writeNew(path string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists: give another -out or move it away", path)
	}
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close(), os.Remove(path))
	}
	return f.Close()
}
