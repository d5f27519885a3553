package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Person is who has signed in.
type Person struct {
	Name, IDToken string
}

// Provider is the identity provider, discovered when it is first needed.
type Provider struct {
	settings Settings
	mutex    sync.Mutex
	found    *discovered
}

type discovered struct {
	config        oauth2.Config
	verifier      *oidc.IDTokenVerifier
	endSessionURL string
}

// Begin is where to send the browser, and what it has to remember.
func (provider *Provider) Begin(ctx context.Context, target string) (string, Attempt, error) {
	found, err := provider.discover()
	if err != nil {
		return "", Attempt{}, err
	}
	attempt := newAttempt(target, oauth2.GenerateVerifier())
	return found.config.AuthCodeURL(attempt.State, oidc.Nonce(attempt.Nonce), oauth2.S256ChallengeOption(attempt.Verifier)), attempt, nil
}

// Finish redeems the code of a callback, and believes only an ID token that was made for this login.
func (provider *Provider) Finish(ctx context.Context, attempt Attempt, callback url.Values) (Person, error) {
	found, err := provider.discover()
	if err != nil {
		return Person{}, err
	}
	if issuer := callback.Get("iss"); issuer != "" && issuer != provider.settings.Issuer {
		return Person{}, errors.New("the callback comes from another provider")
	}
	ctx = oidc.ClientContext(ctx, provider.settings.Client)
	tokens, err := found.config.Exchange(ctx, callback.Get("code"), oauth2.VerifierOption(attempt.Verifier))
	if err != nil {
		var refusal *oauth2.RetrieveError
		if errors.As(err, &refusal) { // its text holds the whole answer
			return Person{}, fmt.Errorf("the code was not accepted: %s %s", refusal.ErrorCode, refusal.ErrorDescription)
		}
		return Person{}, err
	}
	raw, _ := tokens.Extra("id_token").(string)
	verified, err := found.verifier.Verify(ctx, raw)
	if err != nil {
		return Person{}, err
	}
	if verified.Nonce != attempt.Nonce {
		return Person{}, errors.New("the ID token was made for another login")
	}
	var claims struct {
		Name string `json:"preferred_username"`
	}
	return Person{Name: claims.Name, IDToken: raw}, verified.Claims(&claims)
}

// End ends the session that an ID token was given in.
func (provider *Provider) End(ctx context.Context, idToken string) error {
	found, err := provider.discover()
	if err != nil {
		return err
	}
	form := url.Values{"id_token_hint": {idToken}, "client_id": {provider.settings.ClientID}}
	answer, err := post(ctx, provider.settings.Client, found.endSessionURL, form)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("the end of a session was answered with %s", answer.Status)
	}
	return nil
}

// discover asks for the provider's addresses until it has been told them once.
func (provider *Provider) discover() (*discovered, error) {
	provider.mutex.Lock()
	defer provider.mutex.Unlock()
	if provider.found != nil {
		return provider.found, nil
	}
	settings := provider.settings
	// The keys are fetched with this context for as long as the process lives, so it is no request's.
	made, err := oidc.NewProvider(oidc.ClientContext(context.Background(), settings.Client), settings.Issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		EndSessionURL string `json:"end_session_endpoint"`
	}
	if err := made.Claims(&more); err != nil {
		return nil, err
	}
	provider.found = &discovered{
		config: oauth2.Config{
			ClientID: settings.ClientID, ClientSecret: settings.ClientSecret, Endpoint: made.Endpoint(),
			RedirectURL: settings.Public.JoinPath(callbackPath).String(), Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
		},
		verifier:      made.Verifier(&oidc.Config{ClientID: settings.ClientID}),
		endSessionURL: more.EndSessionURL,
	}
	return provider.found, nil
}
