// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `freshet keys`: makes API keys for serve.keys_file.
void add_keys_command(CLI::App& app);

}  // namespace freshet::cli
