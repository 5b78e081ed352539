// Program control-plane is a Kubernetes control plane in one file: etcd, kube-apiserver,
// kube-controller-manager, kube-scheduler, and kwok, which plays the kubelet of nodes that do not
// exist (https://kwok.sigs.k8s.io). Its name, or else its first argument, says which of them it is:
// a folder with one link of each name is what KUBEBUILDER_ASSETS names
// (https://book.kubebuilder.io/reference/envtest).
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"

	// What each command of Kubernetes imports for JSON logs and for metrics of its clients and its version.
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
)

var programs = map[string]func(arguments []string) int{
	"etcd": func(arguments []string) int {
		etcdmain.Main(append([]string{"etcd"}, arguments...))
		return 0
	},
	"kube-apiserver": func(arguments []string) int {
		command := apiserver.NewAPIServerCommand()
		command.SetArgs(arguments)
		return cli.Run(command)
	},
	"kube-controller-manager": func(arguments []string) int {
		command := controllermanager.NewControllerManagerCommand()
		command.SetArgs(arguments)
		return cli.Run(command)
	},
	"kube-scheduler": func(arguments []string) int {
		command := scheduler.NewSchedulerCommand()
		command.SetArgs(arguments)
		return cli.Run(command)
	},
	"kwok": kwok,
}

func main() {
	if program, ok := programs[filepath.Base(os.Args[0])]; ok {
		os.Exit(program(os.Args[1:]))
	}
	if len(os.Args) > 1 {
		if program, ok := programs[os.Args[1]]; ok {
			os.Args = os.Args[1:]
			os.Exit(program(os.Args[1:]))
		}
	}
	fmt.Fprintln(os.Stderr, "found no name of a program in the command or its first argument; expected etcd, kube-apiserver, kube-controller-manager, kube-scheduler or kwok")
	os.Exit(2)
}
