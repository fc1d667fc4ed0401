package tsa

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/gohotfix/hotfix/verify/timestamp"
)

// DefaultTimeout bounds a request, from the connection to the last byte.
const DefaultTimeout = 30 * time.Second

// Types of content of RFC 3161, section 3.4.
const (
	queryType = "application/timestamp-query"
	replyType = "application/timestamp-reply"
)

// Client asks one time-stamp authority. It is made by [New] and is safe for
// concurrent use.
type Client struct {
	config
	url string
}

type config struct {
	authorities  []timestamp.Authority
	client       *http.Client
	timeout      time.Duration
	certificates bool
}

// Option sets up a [Client].
type Option func(*config) error

// WithAuthorities has every answer verified by one of the authorities before it
// is returned. The default is none: form, message and nonce are checked alone.
func WithAuthorities(authorities ...timestamp.Authority) Option {
	return func(c *config) error {
		if len(authorities) == 0 {
			return fmt.Errorf("tsa: WithAuthorities: %w", timestamp.ErrNoAuthority)
		}
		c.authorities = append(c.authorities, authorities...)
		return nil
	}
}

// WithHTTPClient sets the client that is used, for a proxy, for certificates of
// TLS or for passwords. The default uses no proxy and follows no redirect.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) error {
		if client == nil {
			return errors.New("tsa: WithHTTPClient: the client is nil; leave the option out")
		}
		c.client = client
		return nil
	}
}

// WithTimeout bounds a request; the default is [DefaultTimeout].
func WithTimeout(timeout time.Duration) Option {
	return func(c *config) error {
		if timeout <= 0 {
			return fmt.Errorf("tsa: WithTimeout: %v is no time to answer in; give some seconds", timeout)
		}
		c.timeout = timeout
		return nil
	}
}

// WithoutCertificates asks for timestamps without certificates. They are a
// kilobyte or more smaller, and need authorities that name their signer: see
// [timestamp.NewAuthority]. The default is with them.
func WithoutCertificates() Option {
	return func(c *config) error {
		c.certificates = false
		return nil
	}
}

// New returns a client for the authority at an http or https URL. Plain http is
// common and enough: answers are signed.
func New(endpoint string, options ...Option) (*Client, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("tsa: %q is not the URL of a time-stamp authority; it begins with https:// or http://", endpoint)
	}
	c := config{client: defaultClient(), timeout: DefaultTimeout, certificates: true}
	for _, option := range options {
		if option == nil {
			return nil, errors.New("tsa: an option is nil; leave it out")
		}
		if err := option(&c); err != nil {
			return nil, err
		}
	}
	return &Client{config: c, url: u.String()}, nil
}

// defaultClient shares nothing with other clients of the program.
func defaultClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Stamp returns the response of the authority for the message: in a bundle, the
// signature. Every error is an [*Error].
func (c *Client) Stamp(ctx context.Context, message []byte) ([]byte, error) {
	nonce, err := newNonce()
	if err != nil {
		return nil, c.fail("", err)
	}
	digest := sha256.Sum256(message)
	query, err := encodeQuery(digest, nonce, c.certificates)
	if err != nil {
		return nil, c.fail("", err)
	}
	response, err := c.post(ctx, query)
	if err != nil {
		return nil, err
	}
	if err := c.check(response, message, nonce); err != nil {
		return nil, err
	}
	return response, nil
}

func (c *Client) check(response, message []byte, nonce *big.Int) error {
	claim, err := timestamp.Inspect(response, message)
	if err != nil {
		return c.fail("", err)
	}
	if claim.Nonce == nil || claim.Nonce.Cmp(nonce) != 0 {
		return c.fail("it has another nonce than was sent; try again, and check what sits between", ErrNonce)
	}
	if len(c.authorities) == 0 {
		return nil
	}
	if _, err := timestamp.Verify(response, message, c.authorities); err != nil {
		return c.fail("", err)
	}
	return nil
}

// newNonce returns 64 random bits, not zero.
func newNonce() (*big.Int, error) {
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, err
	}
	return new(big.Int).SetUint64(binary.BigEndian.Uint64(random[:]) | 1), nil
}

func (c *Client) post(ctx context.Context, query []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(query))
	if err != nil {
		return nil, c.fail("", err)
	}
	request.Header.Set("Content-Type", queryType)
	request.Header.Set("Accept", replyType)
	answer, err := c.client.Do(request)
	if err != nil {
		return nil, c.fail("check the URL and the network, or ask another authority", cause(err))
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, c.fail(fmt.Sprintf("the status is %d %s, not 200; check the URL, or try later", answer.StatusCode, http.StatusText(answer.StatusCode)), ErrHTTP)
	}
	if kind := answer.Header.Get("Content-Type"); !isReply(kind) {
		return nil, c.fail(fmt.Sprintf("the answer is of type %.40q, not %s; check the URL", kind, replyType), ErrHTTP)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, timestamp.MaxResponse+1))
	if err != nil {
		return nil, c.fail("the answer was cut short; try again", err)
	}
	return body, nil
}

func isReply(kind string) bool {
	media, _, err := mime.ParseMediaType(kind)
	return err == nil && media == replyType
}

// cause leaves out what an error of net/http repeats of the request.
func cause(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}

func (c *Client) fail(reason string, err error) *Error {
	u, parseErr := url.Parse(c.url)
	if parseErr != nil {
		return &Error{Reason: reason, Err: err}
	}
	u.User = nil
	return &Error{URL: u.String(), Reason: reason, Err: err}
}
