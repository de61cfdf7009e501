package org.cloudfoundry.router;

import java.util.Set;

import jakarta.servlet.ServletContainerInitializer;
import jakarta.servlet.ServletContext;

/** Puts the filter before everything, as soon as the JAR is on the class path. */
public final class ClientCertificateMapperInitializer implements ServletContainerInitializer {

    @Override
    public void onStartup(Set<Class<?>> classes, ServletContext context) {
        context.addFilter("clientCertificateMapper", new ClientCertificateMapper())
            .addMappingForUrlPatterns(null, false, "/*");
    }
}
