package org.cloudfoundry.tomcat.logging;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.logging.Formatter;
import java.util.logging.LogRecord;

/** Lines without a time: the platform's log has its own. */
public final class ContainerFormatter extends Formatter {

    @Override
    public String format(LogRecord record) {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        out.printf("[CONTAINER] %-40s %-7s %s%n", record.getLoggerName(), record.getLevel(), formatMessage(record));
        if (record.getThrown() != null) {
            record.getThrown().printStackTrace(out);
        }
        return text.toString();
    }
}
