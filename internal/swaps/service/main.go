// Service is the service under test: HTTP/1.1 and HTTP/2 without TLS on one port, both
// with TLS on another, gRPC on a third, and WebSockets at /ws. All of them echo.
//
//	service -life hotswap -http 127.0.0.1:8080 -https 127.0.0.1:8443 -grpc 127.0.0.1:9090 -cert c.pem -key k.pem -control /run/s/control.sock
//
// It lives in one of three ways: "hotswap", as the package recommends; "shutdown", with
// inherited listeners and http.Server.Shutdown; "stop", as a program that does nothing about it.
// Its version, and what is wrong with it, are set by the linker.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"google.golang.org/grpc"

	"github.com/gohotfix/hotfix/internal/swaps/wire"
)

// Set with -ldflags -X.
var (
	version = "dev"
	fault   = "" // name[:duration], see parseFault
)

type settings struct {
	life               string
	http, https, grpc  string
	cert, key          string
	control, pidFile   string
	readyWait, drain   time.Duration
	version, faultSpec string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "service:", err)
		os.Exit(1)
	}
}

func parse(args []string) (settings, error) {
	s := settings{version: version, faultSpec: fault}
	flags := flag.NewFlagSet("service", flag.ContinueOnError)
	flags.StringVar(&s.life, "life", "hotswap", "`way` to live: hotswap, shutdown or stop")
	flags.StringVar(&s.http, "http", "127.0.0.1:8080", "`address` of HTTP/1.1 and h2c")
	flags.StringVar(&s.https, "https", "127.0.0.1:8443", "`address` of HTTP with TLS")
	flags.StringVar(&s.grpc, "grpc", "127.0.0.1:9090", "`address` of gRPC")
	flags.StringVar(&s.cert, "cert", "", "`file` of the certificate")
	flags.StringVar(&s.key, "key", "", "`file` of its key")
	flags.StringVar(&s.control, "control", "", "`path` of the control socket")
	flags.StringVar(&s.pidFile, "pidfile", "", "`path` of the PID file")
	flags.DurationVar(&s.readyWait, "ready-timeout", 10*time.Second, "how long a successor may take to get ready")
	flags.DurationVar(&s.drain, "drain-timeout", 10*time.Second, "how long connections get to end")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if s.cert == "" || s.key == "" || flags.NArg() > 0 {
		return s, errors.New("-cert and -key must be given, and there are no arguments")
	}
	return s, nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	s, err := parse(args)
	if err != nil {
		return err
	}
	f, err := parseFault(s.faultSpec)
	if err != nil {
		return err
	}
	if err := f.beforeListening(); err != nil {
		return err
	}
	l, err := openLife(s)
	if err != nil {
		return err
	}
	e := newEcho(s.version, l.Draining, f)
	if err := serve(ctx, l, s, e, f); err != nil {
		return err
	}
	return tell(ctx, l, e, out)
}

// serve opens the listeners, starts the servers and says that the process is ready.
func serve(ctx context.Context, l life, s settings, e *echo, f badness) error {
	grpcServer := grpc.NewServer()
	wire.Register(grpcServer, e)
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	for _, port := range []struct {
		addr  string
		start func(addr string) error
	}{
		{s.http, func(addr string) error {
			return l.HTTP(addr, &http.Server{Handler: e.routes(), Protocols: &protocols, ReadHeaderTimeout: time.Minute})
		}},
		{s.https, func(addr string) error {
			return l.HTTPS(addr, &http.Server{Handler: e.routes(), ReadHeaderTimeout: time.Minute}, s.cert, s.key)
		}},
		{s.grpc, func(addr string) error { return l.GRPC(addr, grpcServer) }},
	} {
		if err := port.start(f.address(port.addr)); err != nil {
			return err
		}
	}
	if err := f.beforeReady(ctx); err != nil {
		return err
	}
	return l.Ready()
}

// tell reports that the process is ready, waits for its end, and reports that.
func tell(ctx context.Context, l life, e *echo, out io.Writer) error {
	event := wire.Event{PID: os.Getpid(), Version: e.version, What: wire.Ready, At: time.Now()}
	if err := wire.WriteEvent(out, event); err != nil {
		return err
	}
	if err := l.Wait(ctx); err != nil {
		event.Error = err.Error()
	}
	event.What, event.At, event.Handled = wire.Gone, time.Now(), e.handled.Load()
	return wire.WriteEvent(out, event)
}
