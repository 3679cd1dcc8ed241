// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `freshet repair DIR`: what can be read of a damaged data directory; with --apply, the directory made of it.
void add_repair_command(CLI::App& app);

}  // namespace freshet::cli
