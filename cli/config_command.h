// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `freshet config check|print|example|reference`: checks, prints and documents the configuration.
void add_config_command(CLI::App& app);

}  // namespace freshet::cli
