package main

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
)

// key is a public key as JSON web key sets hold it.
type key struct {
	Type     string `json:"kty"`
	ID       string `json:"kid"`
	Use      string `json:"use"`
	Alg      string `json:"alg"`
	Modulus  string `json:"n"`
	Exponent string `json:"e"`
}

type keySet struct {
	Keys []key `json:"keys"`
}

// fetch reads the keys that the identity provider signs with and names them as its registry tokens do.
func fetch(client *http.Client, url string) ([]byte, error) {
	answer, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, answer.Status)
	}
	return renamed(body)
}

// renamed takes the signing RSA keys of a set and gives each the id that registry tokens name it by.
func renamed(set []byte) ([]byte, error) {
	var seen, made keySet
	if err := json.Unmarshal(set, &seen); err != nil {
		return nil, fmt.Errorf("the realm's keys: %w", err)
	}
	for _, one := range seen.Keys {
		if one.Type != "RSA" || one.Use != "sig" {
			continue
		}
		id, err := one.dockerID()
		if err != nil {
			return nil, fmt.Errorf("key %s of the realm: %w", one.ID, err)
		}
		one.ID = id
		made.Keys = append(made.Keys, one)
	}
	if len(made.Keys) == 0 {
		return nil, fmt.Errorf("the realm has no RSA key that signs")
	}
	return json.Marshal(made)
}

// tell writes the ids of a set's keys, one a line.
func tell(output io.Writer, set []byte) error {
	var seen keySet
	if err := json.Unmarshal(set, &seen); err != nil {
		return err
	}
	for _, one := range seen.Keys {
		fmt.Fprintln(output, one.ID)
	}
	return nil
}

// dockerID is the key's fingerprint: 240 bits of SHA-256 over its DER form, in base 32, in twelve groups.
func (k key) dockerID() (string, error) {
	modulus, err := base64.RawURLEncoding.DecodeString(k.Modulus)
	if err != nil {
		return "", err
	}
	exponent, err := base64.RawURLEncoding.DecodeString(k.Exponent)
	if err != nil {
		return "", err
	}
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(new(big.Int).SetBytes(exponent).Int64())}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(der)
	text := base32.StdEncoding.EncodeToString(sum[:30])
	groups := make([]string, 0, 12)
	for ; text != ""; text = text[4:] {
		groups = append(groups, text[:4])
	}
	return strings.Join(groups, ":"), nil
}
