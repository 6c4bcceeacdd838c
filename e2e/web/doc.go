// Package web opens the pages that hindcast writes in a real browser: make e2e-web.
package web
