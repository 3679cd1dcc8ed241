// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>

#include "app/version.h"
#include "base/printable.h"
#include "cli/completion_command.h"
#include "cli/config_command.h"
#include "cli/evaluate_command.h"
#include "cli/generate_command.h"
#include "cli/health_command.h"
#include "cli/inspect_command.h"
#include "cli/items_command.h"
#include "cli/keys_command.h"
#include "cli/last_words.h"
#include "cli/manual_command.h"
#include "cli/ope_command.h"
#include "cli/repair_command.h"
#include "cli/replay_command.h"
#include "cli/serve_command.h"
#include "cli/served_command.h"
#include "cli/support/arguments.h"

// jemalloc reads this at startup. Huge pages make random access to large tables faster (fewer TLB misses). The
// environment variable MALLOC_CONF overrides it.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "thp:always,metadata_thp:auto";
}

int main(int argc, char** argv) {
  freshet::cli::arrange_last_words();
  CLI::App app{"freshet: streaming recommendations. A click changes the next answer."};
  app.set_version_flag("--version", [] {
    using namespace freshet::app;
    return std::string("freshet ") + kVersion + " (commit " + kCommit + ", " + kCompiler + ", LibTorch " + kLibTorch +
           ")";
  });
  app.require_subcommand(1);
  freshet::cli::add_serve_command(app);
  freshet::cli::add_replay_command(app);
  freshet::cli::add_evaluate_command(app);
  freshet::cli::add_ope_command(app);
  freshet::cli::add_generate_command(app);
  freshet::cli::add_health_command(app);
  freshet::cli::add_inspect_command(app);
  freshet::cli::add_repair_command(app);
  freshet::cli::add_config_command(app);
  freshet::cli::add_keys_command(app);
  freshet::cli::add_items_command(app);
  freshet::cli::add_served_command(app);
  freshet::cli::add_completion_command(app);
  freshet::cli::add_manual_command(app);
  try {
    const std::span words(argv, static_cast<std::size_t>(argc));
    if (const auto problem = freshet::cli::unknown_command(app, words.subspan(std::min<std::size_t>(1, words.size())));
        !problem.empty()) {
      throw std::runtime_error(problem);
    }
    app.parse(argc, argv);
    // A key or a configuration that does not reach its file is lost.
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      throw std::runtime_error("standard output cannot be written");
    }
  } catch (const CLI::RuntimeError& error) {
    return error.get_exit_code();  // the command ran and has printed what failed
  } catch (const CLI::Error& error) {
    return app.exit(error) == 0 ? 0 : freshet::cli::kCannotGoOn;
  } catch (const std::exception& error) {
    if (!freshet::cli::tells_of_a_lack(error)) {
      std::fprintf(stderr, "freshet: %s\n", freshet::printable_lines(error.what()).c_str());
    }
    return freshet::cli::kCannotGoOn;
  }
}
