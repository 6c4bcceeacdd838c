package main

import (
	"context"
	"errors"
)

func (b *bench) polars(ctx context.Context) error    { return errors.New("todo") }
func (b *bench) chdb(ctx context.Context) error      { return errors.New("todo") }
func (b *bench) duckdbGo(ctx context.Context) error  { return errors.New("todo") }
func (b *bench) nannyml(ctx context.Context) error   { return errors.New("todo") }
func (b *bench) evidently(ctx context.Context) error { return errors.New("todo") }
