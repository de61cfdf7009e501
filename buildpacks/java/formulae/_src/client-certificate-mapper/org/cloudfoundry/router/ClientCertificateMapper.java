package org.cloudfoundry.router;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;

/**
 * Shows an application the certificates of its client as if TLS ended here: the router, where it
 * does, forwards them in the header X-Forwarded-Client-Cert, in Base64.
 *
 * Only for applications behind a router that sets or removes that header: whoever can send it to the
 * application directly is believed.
 */
public final class ClientCertificateMapper implements Filter {

    private static final String HEADER = "X-Forwarded-Client-Cert";
    private static final String ATTRIBUTE = "jakarta.servlet.request.X509Certificate";

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (request instanceof HttpServletRequest) {
            try {
                X509Certificate[] certificates = certificates((HttpServletRequest) request);
                if (certificates.length > 0) {
                    request.setAttribute(ATTRIBUTE, certificates);
                }
            } catch (CertificateException | IllegalArgumentException error) {
                // As without a certificate: the application decides what that means.
                request.getServletContext().log("ignoring a " + HEADER + " that holds no certificate", error);
            }
        }
        chain.doFilter(request, response);
    }

    private static X509Certificate[] certificates(HttpServletRequest request) throws CertificateException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> certificates = new ArrayList<>();
        for (String header : Collections.list(request.getHeaders(HEADER))) {
            for (String text : header.split(",")) {
                byte[] bytes = Base64.getDecoder().decode(text.trim());
                certificates.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(bytes)));
            }
        }
        return certificates.toArray(new X509Certificate[0]);
    }
}
