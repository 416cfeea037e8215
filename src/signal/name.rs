//! The signals and their names.

use std::fmt;

macro_rules! signals {
    ($($signal:ident = $name:ident, $meaning:literal;)*) => {
        /// A signal that a program can watch, under its POSIX name.
        ///
        /// There is no `SIGKILL` and no `SIGSTOP`, which no program can handle, and no `SIGFPE`,
        /// `SIGILL` or `SIGSEGV`, after which none can go on.
        ///
        /// Its `Display` is the system's name, such as "SIGTERM".
        ///
        /// # Examples
        ///
        /// ```
        /// use rungroup::signal::Signal;
        ///
        /// assert_eq!(Signal::Usr1.to_string(), "SIGUSR1");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Signal {
            $(
                #[doc = concat!("`", stringify!($name), "`: ", $meaning, ".")]
                $signal,
            )*
        }

        impl Signal {
            pub(super) fn name(self) -> &'static str {
                match self {
                    $(Signal::$signal => stringify!($name),)*
                }
            }

            #[cfg(unix)]
            pub(super) fn number(self) -> std::ffi::c_int {
                match self {
                    $(Signal::$signal => signal_hook::consts::$name,)*
                }
            }
        }
    };
}

signals! {
    Abort = SIGABRT, "the program aborts itself";
    Alarm = SIGALRM, "a timer of `alarm(2)` is over";
    Bus = SIGBUS, "a bad access to memory";
    Child = SIGCHLD, "a child process ended or stopped";
    Cont = SIGCONT, "go on, if stopped";
    Hup = SIGHUP, "the terminal hung up; for services by custom, reload";
    Int = SIGINT, "a person at the terminal interrupts: Ctrl-C";
    Pipe = SIGPIPE, "a write to a pipe that nobody reads";
    Prof = SIGPROF, "the profiling timer";
    Quit = SIGQUIT, "a person at the terminal wants a core dump: Ctrl and the backslash";
    Sys = SIGSYS, "a bad system call";
    Term = SIGTERM, "a supervisor asks the program to end";
    Trap = SIGTRAP, "a debugger's trap";
    Tstp = SIGTSTP, "a person at the terminal stops the program: Ctrl-Z";
    Ttin = SIGTTIN, "a background process reads from the terminal";
    Ttou = SIGTTOU, "a background process writes to the terminal";
    Urg = SIGURG, "urgent data on a socket";
    Usr1 = SIGUSR1, "whatever the program makes of it";
    Usr2 = SIGUSR2, "whatever the program makes of it";
    Vtalarm = SIGVTALRM, "the virtual timer";
    Winch = SIGWINCH, "the terminal's window changed its size";
    Xcpu = SIGXCPU, "the limit of processor time is exceeded";
    Xfsz = SIGXFSZ, "the limit of a file's size is exceeded";
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
