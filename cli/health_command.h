// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `freshet health`: asks a running service whether it is alive, for container engines that run a command.
void add_health_command(CLI::App& app);

}  // namespace freshet::cli
