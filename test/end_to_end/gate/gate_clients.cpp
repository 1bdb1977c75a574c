// Git clients that are not git, where the machine has them: each clones, pushes
// (more than it would send in one piece), forces, deletes, and is refused with
// a wrong token.

#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

namespace gate_clients_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

// Each gets the URL, one with a wrong token, and a directory to clone into, and
// prints the id that the branch `forced` has at the end, then `refused`.

constexpr auto with_pygit2 = R"(
import os, pygit2, sys
url, wrong, where = sys.argv[1:]
repo = pygit2.clone_repository(url, where)
base = repo.head.target
def commit(content):
    tree = repo.TreeBuilder()
    tree.insert("file", repo.create_blob(content), pygit2.GIT_FILEMODE_BLOB)
    who = pygit2.Signature("a", "a@example.org")
    return repo.create_commit(None, who, who, "m", tree.write(), [base])
def push(branch, content):
    repo.references.create("refs/heads/" + branch, commit(content), force=True)
    repo.remotes["origin"].push(["+refs/heads/" + branch])
push("forced", os.urandom(3 << 20))
push("forced", b"other")
push("gone", b"gone")
repo.remotes["origin"].push([":refs/heads/gone"])
print(repo.references["refs/heads/forced"].target)
try:
    pygit2.clone_repository(wrong, where + "-wrong")
except pygit2.GitError:
    print("refused")
)";

constexpr auto with_dulwich = R"(
import io, os, sys
from dulwich import porcelain
url, wrong, where = sys.argv[1:]
quiet = io.BytesIO()
repo = porcelain.clone(url, where, errstream=quiet)
base = repo.head()
def commit(content):
    repo.refs[b"refs/heads/main"] = base
    with open(os.path.join(where, "file"), "wb") as file:
        file.write(content)
    porcelain.add(repo, os.path.join(where, "file"))
    who = b"a <a@example.org>"
    return porcelain.commit(repo, b"m", author=who, committer=who)
def push(refspec):
    porcelain.push(repo, url, refspec, outstream=quiet, errstream=quiet,
                   force=True)
commit(os.urandom(3 << 20))
push("refs/heads/main:refs/heads/forced")
last = commit(b"other")
push("refs/heads/main:refs/heads/forced")
push("refs/heads/main:refs/heads/gone")
push(":refs/heads/gone")
print(last.decode())
try:
    porcelain.clone(wrong, where + "-wrong", errstream=quiet)
except Exception:
    print("refused")
)";

constexpr auto with_isomorphic_git = R"(
const fs = require('fs'), git = require('isomorphic-git');
const http = require('isomorphic-git/http/node');
const [url, wrong, dir] = process.argv.slice(1);
const author = {name: 'a', email: 'a@example.org'};
(async () => {
  await git.clone({fs, http, dir, url});
  const base = await git.resolveRef({fs, dir, ref: 'HEAD'});
  const commit = async content => {
    fs.writeFileSync(dir + '/file', content);
    await git.add({fs, dir, filepath: 'file'});
    return git.commit({fs, dir, message: 'm', author, parent: [base],
                       ref: 'refs/heads/mine'});
  };
  const push = remoteRef =>
    git.push({fs, http, dir, url, ref: 'mine', remoteRef, force: true});
  await git.branch({fs, dir, ref: 'mine'});
  await commit(require('crypto').randomBytes(3 << 20));
  await push('refs/heads/forced');
  const last = await commit('other');
  await push('refs/heads/forced');
  await push('refs/heads/gone');
  await git.push({fs, http, dir, url, ref: 'mine',
                  remoteRef: 'refs/heads/gone', delete: true});
  console.log(last);
  try {
    await git.clone({fs, http, dir: dir + '-wrong', url: wrong});
  } catch (e) {
    console.log('refused');
  }
})();
)";

// JGit strips the password off a URL; programs give it the credentials.
constexpr auto with_jgit = R"(
import java.io.File;
import java.nio.file.Files;
import java.util.Random;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.errors.TransportException;
import org.eclipse.jgit.lib.PersonIdent;
import org.eclipse.jgit.transport.RefSpec;
import org.eclipse.jgit.transport.URIish;
import org.eclipse.jgit.transport.UsernamePasswordCredentialsProvider;

public class Client {
  static Git git;
  static String url;
  static PersonIdent who = new PersonIdent("a", "a@example.org");

  static String commit(byte[] content, boolean amend) throws Exception {
    Files.write(new File(git.getRepository().getWorkTree(), "file").toPath(),
                content);
    git.add().addFilepattern("file").call();
    return git.commit().setMessage("m").setAuthor(who).setCommitter(who)
        .setAmend(amend).call().name();
  }

  static UsernamePasswordCredentialsProvider token(String url)
      throws Exception {
    URIish parsed = new URIish(url);
    return new UsernamePasswordCredentialsProvider(parsed.getUser(),
                                                   parsed.getPass());
  }

  static void push(String spec) throws Exception {
    git.push().setRemote(url).setCredentialsProvider(token(url))
        .setRefSpecs(new RefSpec(spec)).call();
  }

  public static void main(String[] words) throws Exception {
    url = words[0];
    git = Git.cloneRepository().setURI(url).setCredentialsProvider(token(url))
        .setDirectory(new File(words[2])).call();
    byte[] noise = new byte[3 << 20];
    new Random(1).nextBytes(noise);
    commit(noise, false);
    push("HEAD:refs/heads/forced");
    String last = commit("other".getBytes(), true);
    push("+HEAD:refs/heads/forced");
    push("HEAD:refs/heads/gone");
    push(":refs/heads/gone");
    System.out.println(last);
    try {
      Git.cloneRepository().setURI(words[1])
          .setCredentialsProvider(token(words[1]))
          .setDirectory(new File(words[2] + "-wrong")).call();
    } catch (TransportException e) {
      System.out.println("refused");
    }
  }
}
)";

constexpr auto with_go_git = R"(
package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/go-git/go-git"
	"github.com/go-git/go-git/config"
	"github.com/go-git/go-git/plumbing"
	"github.com/go-git/go-git/plumbing/object"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	url, wrong, where := os.Args[1], os.Args[2], os.Args[3]
	repo, err := git.PlainClone(where, false, &git.CloneOptions{URL: url})
	check(err)
	head, err := repo.Head()
	check(err)
	tree, err := repo.Worktree()
	check(err)
	commit := func(content []byte) plumbing.Hash {
		check(tree.Reset(&git.ResetOptions{
			Commit: head.Hash(), Mode: git.HardReset}))
		check(os.WriteFile(filepath.Join(where, "file"), content, 0600))
		_, err := tree.Add("file")
		check(err)
		who := object.Signature{
			Name: "a", Email: "a@example.org", When: time.Now()}
		id, err := tree.Commit("m", &git.CommitOptions{Author: &who})
		check(err)
		return id
	}
	push := func(spec config.RefSpec) {
		check(repo.Push(&git.PushOptions{RefSpecs: []config.RefSpec{spec}}))
	}
	noise := make([]byte, 3<<20)
	rand.Read(noise)
	commit(noise)
	push("refs/heads/main:refs/heads/forced")
	last := commit([]byte("other"))
	push("+refs/heads/main:refs/heads/forced")
	push("refs/heads/main:refs/heads/gone")
	push(":refs/heads/gone")
	fmt.Println(last)
	_, err = git.PlainClone(where+"-wrong", false, &git.CloneOptions{URL: wrong})
	if err != nil {
		fmt.Println("refused")
	}
}
)";

struct finished {
  ending end;
  std::string out;
  std::string err;
};

using variables = std::vector<std::pair<std::string, std::string>>;

finished run(const gate_world& world, std::vector<std::string> argv,
             variables environment = {}) {
  child_options options;
  options.argv = std::move(argv);
  options.environment = std::move(environment);
  options.environment.insert(
      options.environment.end(),
      {{"HOME", (world.dir / "home").string()}, {"http_proxy", ""}});
  options.working_directory = world.dir.path();
  child process{std::move(options)};
  const auto end = process.wait(std::chrono::minutes{5});
  return {end, process.out(), process.err()};
}

/// The client runs with its operands and does what is said above.
void check_client(const gate_world& world, std::vector<std::string> argv) {
  world.seed();
  const auto main = world.in_mirror({"rev-parse", "main"});
  const gate server{world};
  argv.insert(argv.end(), {server.url(), server.url("wrong"), world.dir / "c"});
  const auto result = run(world, argv);
  CAPTURE(result.err);
  REQUIRE_EQ(result.end, exited(0));
  CHECK_EQ(result.out,
           world.in_mirror({"rev-parse", "forced"}) + "\nrefused\n");
  CHECK_EQ(world.in_mirror({"for-each-ref", "--format=%(refname)"}),
           "refs/heads/forced\nrefs/heads/main");
  CHECK_EQ(world.in_mirror({"rev-parse", "main"}), main);
  CHECK_EQ(world.in_mirror({"rev-parse", "forced~1"}), main);
}

/// The same of a script, unless `probe` fails with this interpreter.
void check_script(const std::vector<std::string>& interpreter,
                  const char* probe, const char* script) {
  const gate_world world;
  auto words = [&](const char* text) {
    auto result = interpreter;
    result.emplace_back(text);
    return result;
  };
  if (!fs::exists(interpreter[0]) || run(world, words(probe)).end != exited(0))
    return skipped("not installed for " + interpreter[0]);
  check_client(world, words(script));
}

} // namespace

TEST_CASE("libgit2, by pygit2") {
  check_script({"/usr/bin/python3", "-c"}, "import pygit2", with_pygit2);
}

TEST_CASE("dulwich") {
  check_script({"/usr/bin/python3", "-c"}, "import dulwich", with_dulwich);
}

// Found by NODE_PATH, wherever npm has put it.
TEST_CASE("isomorphic-git") {
  check_script({"/usr/bin/node", "-e"}, "require('isomorphic-git')",
               with_isomorphic_git);
}

// Debian's libjgit-java, and a compiler that runs the source.
TEST_CASE("JGit") {
  std::string class_path;
  for (std::string jar :
       {"org.eclipse.jgit", "slf4j-api", "javaewah", "jsch"}) {
    const auto path = "/usr/share/java/" + jar + ".jar";
    if (!fs::exists(path) || !fs::exists("/usr/bin/javac"))
      return skipped(path + " or javac is not installed");
    class_path += path + ":";
  }
  const gate_world world;
  const auto source = world.dir / "Client.java";
  write_file(source, with_jgit);
  check_client(world, {"/usr/bin/java", "-cp", class_path, source.string()});
}

// A small program that is built offline, from the sources that Debian's package
// of the library installs.
TEST_CASE("go-git") {
  const std::string sources = "/usr/share/gocode";
  if (!fs::exists("/usr/bin/go")
      || !fs::exists(sources + "/src/github.com/go-git/go-git"))
    return skipped("golang-go or golang-github-go-git-go-git-dev is not "
                   "installed");
  const gate_world world;
  const auto source = world.dir / "client.go";
  const auto program = world.dir / "client";
  write_file(source, with_go_git);
  const auto built =
      run(world, {"/usr/bin/go", "build", "-o", program, source},
          {{"GO111MODULE", "off"},
           {"GOPATH", (world.dir / "go").string() + ":" + sources},
           {"GOCACHE", world.dir / "cache"},
           {"GOPROXY", "off"}});
  CAPTURE(built.err);
  REQUIRE_EQ(built.end, exited(0));
  check_client(world, {program});
}

} // namespace gate_clients_tests
