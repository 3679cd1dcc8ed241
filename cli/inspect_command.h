// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `freshet inspect DIR`: shows the contents of a data directory; the service may be running.
void add_inspect_command(CLI::App& app);

}  // namespace freshet::cli
