package redact

import (
	"errors"
	"fmt"
	"io"
)

func ExampleSecrets_Text() {
	var secrets Secrets
	secrets.Add("p\"ss word")
	secrets.AddURL("https://hooks.example.com/services/T1/B1/hunter2?signature=a%2Fb%2Fc%2Fd")
	for _, text := range []string{
		`login with p"ss word failed`,
		`{"password": "p\"ss word"}`,
		`GET /?p=p%22ss+word`,
		`Authorization: Basic dTpwInNzIHdvcmQ=`,
		`no such page: /services/T1/B1/hunter2`,
		`signature a/b/c/d is out of date`,
	} {
		fmt.Println(secrets.Text(text))
	}
	// Output:
	// login with [redacted] failed
	// {"password": "[redacted]"}
	// GET /?p=[redacted]
	// Authorization: Basic [redacted]
	// no such page: /[redacted]
	// signature [redacted] is out of date
}

func ExampleSecrets_Error() {
	var secrets Secrets
	secrets.Add("hunter2")
	err := secrets.Error(fmt.Errorf("send hunter2: %w", io.ErrUnexpectedEOF))
	fmt.Println(err)
	fmt.Println(errors.Is(err, io.ErrUnexpectedEOF))
	// Output:
	// send [redacted]: unexpected EOF
	// true
}
