// Command service is an HTTP service that can be exchanged while it runs, to be
// copied: what it does for that is in func serve, the rest any service has.
//
//	service -addr :8080 -control /run/service/control.sock -config service.json
//
// It answers HTTP/1.1 and HTTP/2 on one port, with TLS if it has a certificate: / greets
// and echoes what is posted, /healthz says that it is well, /version what it is. SIGHUP
// makes it read its configuration again, SIGTERM makes it answer what it has and end.
// The folder systemd has units that start it, count its starts and take back a fix that nobody
// confirmed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gohotfix/hotfix/hotswap"
	"github.com/gohotfix/hotfix/hotswap/web"
)

var version = "dev" // go build -ldflags "-X main.version=v1.2.3"

// settings are what the flags say.
type settings struct {
	addr, control, pidFile, config, cert, key string
	drain                                     time.Duration
	version                                   bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	log := slog.New(slog.NewTextHandler(os.Stderr, nil)).With("version", version, "pid", os.Getpid())
	err := run(ctx, os.Args[1:], log)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		log.Error("ending", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, log *slog.Logger) error {
	var s settings
	flags := flag.NewFlagSet("service", flag.ContinueOnError)
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8080", "`address` to listen on")
	flags.StringVar(&s.control, "control", "", "`path` of the socket through which the service is exchanged, absolute")
	flags.StringVar(&s.pidFile, "pidfile", "", "`path` of the PID file, absolute")
	flags.StringVar(&s.config, "config", "", "`file` with the configuration")
	flags.StringVar(&s.cert, "cert", "", "`file` of the certificate, for TLS")
	flags.StringVar(&s.key, "key", "", "`file` of its key")
	flags.DurationVar(&s.drain, "drain", 30*time.Second, "how long requests get to end when the service does")
	flags.BoolVar(&s.version, "version", false, "print the version")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if s.version {
		_, err := fmt.Println(version)
		return err
	}
	return serve(ctx, s, log)
}

// serve begins with what the process inherits, says when it is ready, and ends when a
// successor has taken over or ctx is done.
func serve(ctx context.Context, s settings, log *slog.Logger) error {
	c, err := loadConfig(s.config) // a wrong one must fail before Ready, so that the old process goes on
	if err != nil {
		return err
	}
	h := newHandler(c)
	p, err := hotswap.Open(s.options(log)...)
	if err != nil {
		return err
	}
	ln, err := p.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	go func() { fail(p.Serve(ln, s.server(h))) }()
	reload(ctx, s.config, h, log)
	if err := p.Ready(); err != nil {
		return err
	}
	err = p.Wait(ctx)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

func (s settings) options(log *slog.Logger) []hotswap.Option {
	options := []hotswap.Option{hotswap.WithLogger(log), hotswap.WithDrainTimeout(s.drain)}
	if s.control != "" {
		options = append(options, hotswap.WithControl(s.control))
	}
	if s.pidFile != "" {
		options = append(options, hotswap.WithPIDFile(s.pidFile))
	}
	return options
}

func (s settings) server(h http.Handler) hotswap.Server {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	if s.cert != "" {
		server.Protocols.SetHTTP2(true)
		return web.HTTPS(server, s.cert, s.key)
	}
	server.Protocols.SetUnencryptedHTTP2(true)
	return web.HTTP(server)
}
