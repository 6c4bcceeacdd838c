//go:build crashpoints

package main

import (
	"os"
	"syscall"
)

// crashHook kills the process at the step of a launch that HINDCAST_TEST_CRASH_AT
// names, as kill -9 would. It exists in test builds alone.
func crashHook(env func(string) (string, bool)) func(string) {
	at, ok := env("HINDCAST_TEST_CRASH_AT")
	if !ok {
		return nil
	}
	return func(step string) {
		if step == at {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until it arrives
		}
	}
}
