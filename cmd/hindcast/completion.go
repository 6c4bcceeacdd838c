package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/hindcast/hindcast/config"
)

// completeFlags has shells complete the values of flags, of a command and those below it: of --model
// the models of the configuration, and of flags whose usage lists their values these.
func (a *App) completeFlags(cmd *cobra.Command) {
	for flag, complete := range map[string]cobra.CompletionFunc{
		"model":      a.completeModels,
		"output":     listed("output", "table", "json", "yaml", "csv", "html"),
		"task":       listed("task", "regression", "binary", "multiclass"),
		"log-format": listed("log-format", "text", "json"),
		"receiver":   listed("receiver", receiverNames()...),
	} {
		if cmd.Flag(flag) != nil {
			_ = cmd.RegisterFlagCompletionFunc(flag, complete) // which fails where there is no such flag
		}
	}
	for _, below := range cmd.Commands() {
		a.completeFlags(below)
	}
}

// completeModels names the models of the configuration that -c says, and nothing where it cannot be
// read.
func (a *App) completeModels(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	file := cmd.Flag("config")
	if file == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	cfg, err := config.Load(file.Value.String(), a.Env)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []cobra.Completion
	for _, m := range cfg.Models {
		if strings.HasPrefix(m.Name, begun) {
			names = append(names, cobra.CompletionWithDesc(m.Name, string(m.Task)))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// listed completes those of some words that the flag's usage has.
func listed(flag string, words ...string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		usage := strings.FieldsFunc(cmd.Flag(flag).Usage, func(r rune) bool { return r < 'a' || r > 'z' })
		var out []cobra.Completion
		for _, word := range words {
			for _, has := range usage {
				if has == word {
					out = append(out, word)
					break
				}
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}
