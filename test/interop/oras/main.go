// Command ovms-oras does what `oras push` and `oras pull` do, with the library that oras itself is made of: an
// implementation that is not ours, for tests of what travels between the two.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/file"
	"oras.land/oras-go/v2/registry/remote"
)

const usage = `usage: ovms-oras push REF [--artifact-type TYPE] [--annotation-file FILE] FILE[:MEDIATYPE]...
       ovms-oras pull REF [-o FOLDER]`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ovms-oras:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return errors.New(usage)
	}
	options, rest, err := parse(args[1:])
	if err != nil {
		return err
	}
	switch {
	case args[0] == "push" && len(rest) > 1:
		return push(ctx, rest[0], rest[1:], options)
	case args[0] == "pull" && len(rest) == 1:
		return pull(ctx, rest[0], options["-o"])
	}
	return errors.New(usage)
}

// parse accepts options between the other arguments, as oras does and Go's flag package does not.
func parse(args []string) (options map[string]string, rest []string, err error) {
	options = map[string]string{"-o": "."}
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "--artifact-type", "--annotation-file", "-o":
			if i+1 == len(args) {
				return nil, nil, fmt.Errorf("%s needs a value\n%s", args[i], usage)
			}
			options[args[i]] = args[i+1]
			i++
		default:
			rest = append(rest, args[i])
		}
	}
	return options, rest, nil
}

func push(ctx context.Context, ref string, files []string, options map[string]string) error {
	store, err := file.New(".")
	if err != nil {
		return err
	}
	defer store.Close()
	annotations, err := readAnnotations(options["--annotation-file"])
	if err != nil {
		return err
	}
	layers, err := addAll(ctx, store, files, annotations)
	if err != nil {
		return err
	}
	manifest, err := oras.PackManifest(ctx, store, oras.PackManifestVersion1_1, options["--artifact-type"],
		oras.PackManifestOptions{Layers: layers, ManifestAnnotations: annotations["$manifest"]})
	if err != nil {
		return err
	}
	repository, err := open(ref)
	if err != nil {
		return err
	}
	tag := repository.Reference.Reference
	if err := store.Tag(ctx, manifest, tag); err != nil {
		return err
	}
	if _, err := oras.Copy(ctx, store, tag, repository, tag, oras.DefaultCopyOptions); err != nil {
		return err
	}
	fmt.Printf("Pushed [registry] %s\nDigest: %s\n", ref, manifest.Digest)
	return nil
}

func addAll(
	ctx context.Context, store *file.Store, files []string, annotations map[string]map[string]string,
) (layers []ocispec.Descriptor, err error) {
	for _, argument := range files {
		path, mediaType, _ := strings.Cut(argument, ":")
		layer, err := store.Add(ctx, filepath.ToSlash(path), mediaType, "")
		if err != nil {
			return nil, err
		}
		for key, value := range annotations[path] {
			layer.Annotations[key] = value
		}
		layers = append(layers, layer)
	}
	return layers, nil
}

// readAnnotations reads the file format of oras: annotations by file name, those of the manifest under "$manifest".
func readAnnotations(path string) (annotations map[string]map[string]string, err error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return annotations, json.Unmarshal(text, &annotations)
}

func pull(ctx context.Context, ref, folder string) error {
	store, err := file.New(folder)
	if err != nil {
		return err
	}
	defer store.Close()
	repository, err := open(ref)
	if err != nil {
		return err
	}
	tag := repository.Reference.Reference
	manifest, err := oras.Copy(ctx, repository, tag, store, tag, oras.DefaultCopyOptions)
	if err != nil {
		return err
	}
	fmt.Printf("Pulled [registry] %s\nDigest: %s\n", ref, manifest.Digest)
	return nil
}

func open(ref string) (*remote.Repository, error) {
	repository, err := remote.NewRepository(ref)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(repository.Reference.Registry)
	if err != nil {
		host = repository.Reference.Registry
	}
	address := net.ParseIP(host)
	repository.PlainHTTP = host == "localhost" || address != nil && address.IsLoopback()
	return repository, nil
}
