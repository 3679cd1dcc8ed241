// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `freshet completion bash|zsh|fish`: prints a script that completes the words of a command line.
void add_completion_command(CLI::App& app);

}  // namespace freshet::cli
