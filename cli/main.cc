#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <stdexcept>
#include <string_view>

#include "app/version.h"
#include "base/printable.h"
#include "cli/config_command.h"
#include "cli/evaluate_command.h"
#include "cli/generate_command.h"
#include "cli/inspect_command.h"
#include "cli/keys_command.h"
#include "cli/repair_command.h"
#include "cli/replay_command.h"
#include "cli/serve_command.h"

// jemalloc reads this at startup. Huge pages make random access to large tables faster (fewer TLB misses). The
// environment variable MALLOC_CONF overrides it.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "thp:always,metadata_thp:auto";
}

namespace {

/// For what nobody catches, in any thread: one line, and not the library's. The log is not used, since it needs memory.
[[noreturn]] void end_with_one_line() {
  try {
    if (std::current_exception()) throw;
    // Such as RocksDB's threads, when one of them could not be started.
    std::fputs("freshet: a library cannot go on; is there enough memory, and are more threads allowed?\n", stderr);
  } catch (const std::bad_alloc&) {
    std::fputs("freshet: out of memory\n", stderr);
    std::_Exit(2);
  } catch (const std::exception& error) {
    const std::string_view what = error.what();
    std::fprintf(stderr, "freshet: %s\n", freshet::printable(what.substr(0, what.find('\n'))).c_str());
  } catch (...) {
    std::fputs("freshet: an unknown exception\n", stderr);
  }
  std::abort();
}

}  // namespace

int main(int argc, char** argv) {
  std::set_terminate(end_with_one_line);
  CLI::App app{"freshet: streaming recommendations. A click changes the next answer."};
  app.set_version_flag("--version", std::string("freshet ") + freshet::app::kVersion);
  app.require_subcommand(1);
  freshet::cli::add_serve_command(app);
  freshet::cli::add_replay_command(app);
  freshet::cli::add_evaluate_command(app);
  freshet::cli::add_generate_command(app);
  freshet::cli::add_inspect_command(app);
  freshet::cli::add_repair_command(app);
  freshet::cli::add_config_command(app);
  freshet::cli::add_keys_command(app);
  try {
    app.parse(argc, argv);
    // A key or a configuration that does not reach its file is lost.
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      throw std::runtime_error("standard output cannot be written");
    }
  } catch (const CLI::RuntimeError& error) {
    return error.get_exit_code();  // the command ran and has printed what failed
  } catch (const CLI::Error& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::bad_alloc&) {
    std::fputs("freshet: out of memory\n", stderr);
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "freshet: %s\n", freshet::printable_lines(error.what()).c_str());
    return 2;
  }
}
